/** Rows as files that the server makes, and as text for the clipboard. */
import { ApiError, request } from "../api/client";
import type { QueryResult } from "../api/query";
import { onlyResult } from "./kql_text";

export type FileFormat = "csv" | "json" | "parquet";

/** Asks for a result as a file and hands it to the browser. Throws ApiError. */
export async function download(result: QueryResult, index: number, format: FileFormat): Promise<void> {
  const query = result.tables.length > 1 ? onlyResult(result.query, index) : result.query;
  if (query === null) throw new ApiError(0, "OneResult", "One operator gives several results here: they cannot be exported one by one.");
  const { from, to } = result.range ?? { from: null, to: null };
  const timespan = { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) };
  const response = await request("POST", "/api/export", { query, format, timespan });
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `result.${format}`;
  link.click();
  // The browser reads the address after this: it may go when that has surely begun.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Puts text into the clipboard. Throws where the browser does not let it. */
export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
