import type { JSX } from "preact";

export function CoveragePage(): JSX.Element {
  return (
    <div class="page">
      <header>
        <h1>Coverage</h1>
      </header>
    </div>
  );
}
