/** The console: its rooms, the one that is open, and what lies over all of them. */
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { loadSession, session } from "../api/session";
import { Help } from "./help";
import { listenToKeys } from "./keys";
import { lazy } from "./lazily";
import { Navigation } from "./navigation";
import { place } from "./router";
import { TokenDialog } from "./token_dialog";

// Each loads when it is wanted: the editor is heavy, and no other room waits for it.
const PAGES: Readonly<Record<string, ComponentType>> = {
  query: lazy(async () => (await import("../query/query_page")).QueryPage),
  hunts: lazy(async () => (await import("../hunts/hunts_page")).HuntsPage),
  rules: lazy(async () => (await import("../rules/rules_page")).RulesPage),
  alerts: lazy(async () => (await import("../alerts/alerts_page")).AlertsPage),
  incidents: lazy(async () => (await import("../incidents/incidents_page")).IncidentsPage),
  coverage: lazy(async () => (await import("../coverage/coverage_page")).CoveragePage),
  health: lazy(async () => (await import("../health/health_page")).HealthPage),
};

export function App(): JSX.Element {
  useEffect(() => {
    listenToKeys();
    void loadSession().catch(() => undefined);
  }, []);
  const Page = PAGES[place.value.page];
  return (
    <div class="shell">
      <Navigation />
      <main data-version={session.value?.version}>
        {Page === undefined ? <p class="page">There is no such page.</p> : <Page key={place.value.page} />}
      </main>
      <TokenDialog />
      <Help />
    </div>
  );
}
