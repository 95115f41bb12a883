/** The rooms of the console, at the left. */
import type { JSX } from "preact";
import { helpOpen } from "./help";
import { address, place } from "./router";
import { theme, toggleTheme } from "./theme";

interface Room {
  page: string;
  name: string;
  /** The path of a 24 by 24 drawing. */
  drawing: string;
}

const ROOMS: readonly Room[] = [
  { page: "query", name: "Query", drawing: "M4 5h16M4 10h10M4 15h7M15 14a3.5 3.5 0 1 0 0 .1M17.6 16.8L21 20" },
  { page: "hunts", name: "Hunts", drawing: "M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7" },
  { page: "rules", name: "Rules", drawing: "M5 6h2M10 6h9M5 12h2M10 12h9M5 18h2M10 18h9" },
  { page: "alerts", name: "Alerts", drawing: "M12 4l9 16H3zM12 10v5M12 17.5v.5" },
  { page: "incidents", name: "Incidents", drawing: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z" },
  { page: "coverage", name: "Coverage", drawing: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z" },
  { page: "health", name: "Health", drawing: "M3 12h4l3-7 4 14 3-7h4" },
];

function Drawing({ path }: { path: string }): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round">
      <path d={path} />
    </svg>
  );
}

export function Navigation(): JSX.Element {
  return (
    <nav aria-label="Rooms">
      {ROOMS.map((room) => (
        <a key={room.page} href={address(room.page)} aria-current={place.value.page === room.page ? "page" : undefined}>
          <Drawing path={room.drawing} />
          {room.name}
        </a>
      ))}
      <span class="space" />
      <button class="plain" title="Dark or light (t)" aria-label="Dark or light" onClick={toggleTheme}>
        {theme.value === "dark" ? "☀" : "☾"}
      </button>
      <button class="plain" title="Keys (?)" aria-label="Keys" onClick={() => (helpOpen.value = true)}>
        ?
      </button>
    </nav>
  );
}
