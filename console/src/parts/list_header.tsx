/** Above a list: its name, how many there are, which of them are shown, and what they are searched for. */
import type { JSX, RefObject } from "preact";

interface Props {
  title: string;
  /** How many are shown; null while that is not known. */
  count: number | null;
  /** What the choices choose: "State". */
  label: string;
  choices: readonly string[];
  chosen: string;
  onChoose: (choice: string) => void;
  search: RefObject<HTMLInputElement>;
  placeholder: string;
  text: string;
  onSearch: (text: string) => void;
}

export function ListHeader({ title, count, label, choices, chosen, onChoose, search, placeholder, text, onSearch }: Props): JSX.Element {
  return (
    <header>
      <h1>{title}</h1>
      <span class="quiet" role="status">
        {count?.toLocaleString("en")}
      </span>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <div class="choice" role="group" aria-label={label}>
          {choices.map((one) => (
            <button type="button" key={one} aria-pressed={chosen === one} onClick={() => onChoose(one)}>
              {one}
            </button>
          ))}
        </div>
        <input
          ref={search}
          type="search"
          aria-label="Find"
          placeholder={placeholder}
          value={text}
          onInput={(event) => onSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
          }}
        />
      </form>
    </header>
  );
}
