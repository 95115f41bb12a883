/** An error as the command line tells it: its lines point at places, so that they need letters of one width. */
import type { JSX } from "preact";
import { Inert } from "../text/inert";

export function ErrorText({ text }: { text: string }): JSX.Element {
  return (
    <pre class="warning" role="note">
      <Inert text={text} lines />
    </pre>
  );
}
