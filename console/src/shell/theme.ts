/** Dark or light: as the system has it, until the user says otherwise. */
import { effect, signal } from "@preact/signals";

export type Theme = "light" | "dark";

const KEPT = "bluetick.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function first(): Theme {
  const kept = localStorage.getItem(KEPT);
  if (kept === "light" || kept === "dark") return kept;
  return system.matches ? "dark" : "light";
}

export const theme = signal<Theme>(first());

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

system.addEventListener("change", () => {
  if (localStorage.getItem(KEPT) === null) theme.value = system.matches ? "dark" : "light";
});

export function toggleTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(KEPT, theme.value);
}
