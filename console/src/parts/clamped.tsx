/** A long text of which two lines are seen, until more is asked for. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Inert } from "../text/inert";

const SHORT = 190;

export function Clamped({ text }: { text: string }): JSX.Element {
  const [isWhole, change] = useState(false);
  const isLong = text.length > SHORT || text.trim().split("\n").length > 2;
  return (
    <div class="clamped quiet">
      <div class={isLong && !isWhole ? "short" : ""}>
        <Inert text={text.trim()} lines />
      </div>
      {isLong && (
        <button class="plain small" aria-expanded={isWhole} onClick={() => change(!isWhole)}>
          {isWhole ? "less" : "more"}
        </button>
      )}
    </div>
  );
}
