/** A way from a query that is shown to the query room. */
import type { JSX } from "preact";
import { openQuery } from "../query/tabs";
import type { TimeChoice } from "../query/time";

interface Props {
  text: string;
  title: string;
  /** The span that it is read over, where it is not all. */
  time?: TimeChoice;
}

export function OpenQuery({ text, title, time }: Props): JSX.Element {
  return <button onClick={() => openQuery(text, title, time ? { time } : {})}>Open the query</button>;
}
