/** A way from a query that is shown to the query room. */
import type { JSX } from "preact";
import { address } from "../shell/router";

export function OpenQuery({ text, title }: { text: string; title: string }): JSX.Element {
  return (
    <a class="button" href={address("query", "", { query: text, title })}>
      Open the query
    </a>
  );
}
