/** Requests to the server that the page came from: the token, and errors in its words. */
import { signal } from "@preact/signals";
import { parseExactly } from "./exactly";

const TOKEN = "bluetick.token";

/** Whether the server wants a token that the page does not have (or that holds no longer). */
export const tokenWanted = signal(false);

/** What the server refused, in its words. `status` is HTTP's, 0 where no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function setToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
  tokenWanted.value = false;
}

function headers(more: Record<string, string>): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN);
  return { ...(token ? { authorization: `Bearer ${token}` } : {}), "x-ms-app": "bluetick console", ...more };
}

interface OneApiError {
  error?: { code?: string; message?: string; "@message"?: string };
}

async function refusal(response: Response): Promise<ApiError> {
  let code = String(response.status);
  let message = response.statusText;
  try {
    const body = (await response.json()) as OneApiError;
    code = body.error?.code ?? code;
    message = body.error?.["@message"] ?? body.error?.message ?? message;
  } catch {
    // Not the server's own words (a proxy's page, say): the status must do.
  }
  return new ApiError(response.status, code, message);
}

/** The answer to a request. Throws ApiError for any that is no success. */
export async function request(method: string, path: string, body?: unknown, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  const json: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  try {
    response = await fetch(path, {
      ...options,
      method,
      headers: headers({ ...json, ...(options.headers as Record<string, string> | undefined) }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "NoAnswer", "The server does not answer.");
  }
  if (response.ok) return response;
  if (response.status === 401) tokenWanted.value = true;
  throw await refusal(response);
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return parseExactly(await (await request("GET", path, undefined, signal ? { signal } : {})).text()) as T;
}

export async function sendJson<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  return parseExactly(await (await request(method, path, body)).text()) as T;
}

/** A path of parts that may hold anything. */
export function path(...parts: string[]): string {
  return parts.map((part, index) => (index === 0 ? part : encodeURIComponent(part))).join("/");
}
