import type { JSX } from "preact";

export function RulesPage(): JSX.Element {
  return (
    <div class="page">
      <header>
        <h1>Rules</h1>
      </header>
    </div>
  );
}
