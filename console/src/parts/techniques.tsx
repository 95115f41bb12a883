/** What of ATT&CK something is about. */
import type { JSX } from "preact";
import { address } from "../shell/router";
import { inert } from "../text/inert";

/** `CommandAndControl` as "Command and control". */
export function tacticText(tactic: string): string {
  const words = inert(tactic).replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function Techniques({ tactics, techniques }: { tactics: readonly string[]; techniques: readonly string[] }): JSX.Element {
  if (tactics.length + techniques.length === 0) return <span class="quiet">none</span>;
  return (
    <span class="techniques">
      {tactics.map((tactic) => (
        <span key={tactic}>{tacticText(tactic)}</span>
      ))}
      {techniques.map((technique) => (
        <a key={technique} class="chip" href={address("coverage", technique)}>
          {inert(technique)}
        </a>
      ))}
    </span>
  );
}
