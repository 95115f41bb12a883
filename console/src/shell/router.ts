/** Where the page is: what stands behind `#` in its address, so that links work without the server's help. */
import { signal } from "@preact/signals";

export interface Place {
  /** The page's name: "query", "rules", ... */
  readonly page: string;
  /** One thing of that page, or "". */
  readonly id: string;
  readonly parameters: URLSearchParams;
}

function read(): Place {
  const [way = "", search = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = way.split("/");
  let id = rest.join("/");
  try {
    id = decodeURIComponent(id);
  } catch {
    // What is no address of ours stays as it is: no thing has that name.
  }
  return { page: page || "query", id, parameters: new URLSearchParams(search) };
}

export const place = signal<Place>(read());

addEventListener("hashchange", () => {
  place.value = read();
});

export function address(page: string, id = "", parameters?: Record<string, string>): string {
  const search = parameters ? `?${new URLSearchParams(parameters)}` : "";
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}${search}`;
}

export function go(page: string, id = "", parameters?: Record<string, string>): void {
  location.hash = address(page, id, parameters);
}
