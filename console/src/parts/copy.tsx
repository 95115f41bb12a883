/** Puts a text into the clipboard, as it is. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

export function Copy({ text, what }: { text: string; what: string }): JSX.Element {
  const [isDone, change] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(
      () => {
        change(true);
        setTimeout(() => change(false), 1_500);
      },
      () => undefined,
    );
  };
  return (
    <button class="plain copy" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={copy}>
      {isDone ? (
        "✓"
      ) : (
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.3">
          <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />
        </svg>
      )}
    </button>
  );
}
