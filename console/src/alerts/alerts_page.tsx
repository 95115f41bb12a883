import type { JSX } from "preact";

export function AlertsPage(): JSX.Element {
  return (
    <div class="page">
      <header>
        <h1>Alerts</h1>
      </header>
    </div>
  );
}
