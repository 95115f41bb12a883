import type { JSX } from "preact";

export function HuntsPage(): JSX.Element {
  return (
    <div class="page">
      <header>
        <h1>Hunts</h1>
      </header>
    </div>
  );
}
