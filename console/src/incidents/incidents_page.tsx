import type { JSX } from "preact";

export function IncidentsPage(): JSX.Element {
  return (
    <div class="page">
      <header>
        <h1>Incidents</h1>
      </header>
    </div>
  );
}
