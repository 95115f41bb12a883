/** Links that hold a query: its text, compressed, and its times. They never run by themselves. */
import { address, type Place } from "../shell/router";
import { choiceOf, type TimeChoice } from "./time";

const LONGEST = 1_000_000;
const METHOD = "deflate-raw";

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

async function packed(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream(METHOD));
  return toBase64Url(new Uint8Array(await new Response(stream).arrayBuffer()));
}

/** Throws where it is nothing of ours, or longer than any query is: a link is a stranger's word. */
async function unpacked(given: string): Promise<string> {
  const stream = new Blob([fromBase64Url(given) as BlobPart]).stream().pipeThrough(new DecompressionStream(METHOD));
  const reader = stream.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > LONGEST) {
      await reader.cancel();
      throw new Error("The link holds more than a query.");
    }
  }
}

/** The whole address of a query. */
export async function linkTo(text: string, title: string, time: TimeChoice): Promise<string> {
  const parameters: Record<string, string> = { q: await packed(text), title };
  if (time.kind !== "all") parameters["time"] = JSON.stringify(time);
  return `${location.origin}${location.pathname}${address("query", "", parameters)}`;
}

export interface Shared {
  readonly text: string;
  readonly title: string;
  readonly time: TimeChoice;
}

/** The query that an address holds, packed (`q`) or as it is (`query`), or null. Throws where it cannot be read. */
export async function sharedBy(place: Place): Promise<Shared | null> {
  const given = place.parameters.get("q");
  const plain = place.parameters.get("query");
  if (place.page !== "query" || (given ?? plain) === null) return null;
  const text = given === null ? (plain ?? "") : await unpacked(given);
  let time: unknown = null;
  try {
    time = JSON.parse(place.parameters.get("time") ?? "null");
  } catch {
    // No times of ours: all of them.
  }
  return { text, title: place.parameters.get("title") ?? "Shared", time: choiceOf(time) };
}
