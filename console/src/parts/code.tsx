/** A text of code to read: monospaced, with numbers of lines, and a button that copies it. */
import type { JSX } from "preact";
import { Inert } from "../text/inert";
import { Copy } from "./copy";

interface Props {
  text: string;
  what: string;
}

export function Code({ text, what }: Props): JSX.Element {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <div class="code">
      <Copy text={text} what={what} />
      <pre aria-label={what} tabIndex={0}>
        {lines.map((line, index) => (
          <span key={index} class="line">
            <Inert text={line.replace(/\r$/, "")} lines />
            {"\n"}
          </span>
        ))}
      </pre>
    </div>
  );
}
