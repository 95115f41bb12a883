/** JSON as a tree that opens where it is asked to. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Inert } from "../text/inert";
import { jsonText } from "./values";

type Step = string | number;

interface Props {
  readonly value: unknown;
  readonly path?: readonly Step[];
  readonly name?: Step;
  /** A leaf was chosen: its path and value. */
  readonly onLeaf?: ((path: readonly Step[], value: unknown) => void) | undefined;
}

const OPEN_DEPTH = 2;
const AT_ONCE = 100;

function Leaf({ value }: { value: unknown }): JSX.Element {
  if (typeof value === "string") return <span class="json-string"><Inert text={JSON.stringify(value)} /></span>;
  return <span class="json-value">{jsonText(value)}</span>;
}

function Name({ name }: { name: Step | undefined }): JSX.Element | null {
  if (name === undefined) return null;
  return (
    <>
      <span class="json-name">{typeof name === "number" ? name : <Inert text={name} />}</span>
      <span class="quiet">: </span>
    </>
  );
}

export function JsonTree({ value, path = [], name, onLeaf }: Props): JSX.Element {
  const [isOpen, open] = useState(path.length < OPEN_DEPTH);
  const [most, show] = useState(AT_ONCE);
  if (value === null || typeof value !== "object") {
    return (
      <div class="json-line">
        <Name name={name} />
        <Leaf value={value} />
        {onLeaf && path.length > 0 && (
          <button class="plain only" aria-label={`Only rows with this ${String(path.at(-1))}`} title="Only rows with this value" onClick={() => onLeaf(path, value)}>
            +
          </button>
        )}
      </div>
    );
  }
  const entries: [Step, unknown][] = Array.isArray(value) ? value.map((one, index) => [index, one]) : Object.entries(value);
  const summary = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <div class="json-node">
      <button class="plain json-line" aria-expanded={isOpen} onClick={() => open(!isOpen)}>
        <span class="turn" aria-hidden="true">{isOpen ? "▾" : "▸"}</span>
        <Name name={name} />
        <span class="quiet">{summary}</span>
      </button>
      {isOpen && (
        <div class="json-inner">
          {entries.slice(0, most).map(([key, one]) => (
            <JsonTree key={key} value={one} name={key} path={[...path, key]} onLeaf={onLeaf} />
          ))}
          {entries.length > most && (
            <button class="plain" onClick={() => show(most + AT_ONCE)}>
              {entries.length - most} more …
            </button>
          )}
        </div>
      )}
    </div>
  );
}
