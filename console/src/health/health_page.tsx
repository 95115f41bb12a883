import type { JSX } from "preact";

export function HealthPage(): JSX.Element {
  return (
    <div class="page">
      <header>
        <h1>Health</h1>
      </header>
    </div>
  );
}
