/** Tables and their columns: a tree that is walked by arrow keys; Enter puts a name into the query. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { inert, Inert } from "../text/inert";
import { shownTime } from "../query/time";
import { details, loadDetails, quoted, reloadTables, tables, tablesError, type TableColumn, type TableInfo } from "./tables";
import "./schema.css";

interface Props {
  /** Puts a name at the cursor. */
  onInsert: (text: string) => void;
  /** Runs a query in a tab of its own. */
  onRun: (query: string, title: string) => void;
}

type Row = { readonly table: TableInfo; readonly column: TableColumn | null; readonly key: string };

const TYPES: Readonly<Record<string, string>> = {
  string: "abc",
  datetime: "time",
  timespan: "span",
  long: "123",
  int: "123",
  real: "1.2",
  decimal: "1.20",
  bool: "y/n",
  dynamic: "{ }",
  guid: "guid",
};

function rowsOf(open: ReadonlySet<string>, filter: string): Row[] {
  const wanted = filter.trim().toLowerCase();
  return (tables.value ?? []).flatMap((listed) => {
    const table = details.value.get(listed.name) ?? listed;
    const isNamed = table.name.toLowerCase().includes(wanted);
    const columns = wanted === "" || isNamed ? table.columns : table.columns.filter((one) => one.name.toLowerCase().includes(wanted));
    if (!isNamed && columns.length === 0) return [];
    const isOpen = open.has(table.name) || (wanted !== "" && !isNamed);
    const below = isOpen ? columns.map((column) => ({ table, column, key: `${table.name} ${column.name}` })) : [];
    return [{ table, column: null, key: table.name }, ...below];
  });
}

function compact(count: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

function spanText(table: TableInfo): string {
  if (table.first === null || table.last === null) return "";
  return `${shownTime(table.first).slice(0, 10)} – ${shownTime(table.last).slice(0, 16)}`;
}

function tableTitle(table: TableInfo): string {
  const rows = table.rows === null ? null : `${table.rows.toLocaleString("en")} rows`;
  return inert([table.name, rows, spanText(table), table.timeColumn && `by ${table.timeColumn}`].filter(Boolean).join("\n"), true);
}

function Fill({ column }: { column: TableColumn }): JSX.Element | null {
  if (column.fill === undefined || column.fill === null) return null;
  const percent = column.fill * 100;
  const text = percent > 0 && percent < 1 ? "<1" : percent > 99 && percent < 100 ? ">99" : String(Math.round(percent));
  return (
    <span class="fill" title={`${text} % of ${(column.fillRows ?? 0).toLocaleString("en")} rows have a value`}>
      <span class="bar">
        <span style={{ width: `${percent}%` }} />
      </span>
      <span class="number">{text} %</span>
    </span>
  );
}

export function SchemaTree({ onInsert, onRun }: Props): JSX.Element {
  const [open, changeOpen] = useState<ReadonlySet<string>>(new Set());
  const [filter, change] = useState("");
  const [at, move] = useState("");
  const tree = useRef<HTMLUListElement>(null);
  const rows = rowsOf(open, filter);
  const focused = rows.find((row) => row.key === at) ?? rows[0];

  // The focus follows the keys, but is not taken from where somebody types.
  useEffect(() => {
    if (tree.current?.contains(document.activeElement)) tree.current.querySelector<HTMLElement>("[tabindex='0']")?.focus();
  }, [at]);

  const setOpen = (name: string, isOpen: boolean): void => {
    const next = new Set(open);
    if (isOpen) next.add(name);
    else next.delete(name);
    changeOpen(next);
    if (isOpen) void loadDetails(name).catch(() => undefined);
  };
  const take = ({ table, column }: Row): void => {
    if (column !== null) onRun(`${quoted(table.name)}\n| summarize Count = count() by ${quoted(column.name)}\n| sort by Count desc`, column.name);
    else if (table.kind === "function") onInsert(`${quoted(table.name)}()`);
    else onRun(`${source(table)}\n| take 100`, table.name);
  };
  const keys: Readonly<Record<string, (row: Row, index: number) => void>> = {
    ArrowDown: (_, index) => move(rows[index + 1]?.key ?? at),
    ArrowUp: (_, index) => move(rows[index - 1]?.key ?? at),
    Home: () => move(rows[0]?.key ?? ""),
    End: () => move(rows.at(-1)?.key ?? ""),
    ArrowRight: (row, index) => {
      if (row.column === null && !open.has(row.table.name)) setOpen(row.table.name, true);
      else if (row.column === null) move(rows[index + 1]?.key ?? at);
    },
    ArrowLeft: (row) => {
      if (row.column === null) setOpen(row.table.name, false);
      else move(row.table.name);
    },
    ShiftEnter: take,
    Enter: (row) => onInsert(row.column === null ? source(row.table) : quoted(row.column.name)),
    " ": (row) => row.column === null && setOpen(row.table.name, !open.has(row.table.name)),
  };
  const press = (event: KeyboardEvent): void => {
    const act = keys[event.shiftKey ? `Shift${event.key}` : event.key];
    if (act === undefined || focused === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(focused, rows.indexOf(focused));
  };

  return (
    <div class="schema">
      <div class="schema-filter">
        <input
          type="search"
          aria-label="Filter tables and columns"
          placeholder="Filter tables and columns"
          value={filter}
          onInput={(event) => change(event.currentTarget.value)}
        />
        <button class="plain" aria-label="Load the tables again" title="Load the tables again" onClick={() => void reloadTables()}>
          ↻
        </button>
      </div>
      {tablesError.value !== null && <p class="error none">{tablesError.value}</p>}
      {tables.value !== null && rows.length === 0 && <p class="quiet none">{filter === "" ? "There are no tables." : "Nothing has this name."}</p>}
      <ul role="tree" aria-label="Tables" ref={tree} onKeyDown={press}>
        {rows.map((row) => {
          const { table, column, key } = row;
          const isOpen = open.has(table.name) || (filter.trim() !== "" && !table.name.toLowerCase().includes(filter.trim().toLowerCase()));
          return (
            <li
              key={key}
              role="treeitem"
              class={column === null ? "table" : "column"}
              aria-level={column === null ? 1 : 2}
              aria-expanded={column === null && table.columns.length > 0 ? isOpen : undefined}
              aria-label={inert(column === null ? table.name : column.name)}
              tabIndex={row === focused ? 0 : -1}
              onFocus={() => move(key)}
            >
              {column === null ? (
                <TableRow table={table} isOpen={isOpen} onTurn={() => setOpen(table.name, !isOpen)} onInsert={() => onInsert(source(table))} />
              ) : (
                <ColumnRow column={column} onInsert={() => onInsert(quoted(column.name))} />
              )}
              <button
                class="plain act"
                tabIndex={-1}
                title={column === null ? "Run it with take 100 (Shift Enter)" : "Run a count by this column (Shift Enter)"}
                onClick={() => take(row)}
              >
                {column !== null ? "count by" : table.kind === "function" ? "call" : "take 100"}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function source(table: TableInfo): string {
  if (table.kind === "watchlist") return `_GetWatchlist('${table.name.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}')`;
  return table.kind === "function" ? `${quoted(table.name)}()` : quoted(table.name);
}

interface TableRowProps {
  table: TableInfo;
  isOpen: boolean;
  onTurn: () => void;
  onInsert: () => void;
}

function TableRow({ table, isOpen, onTurn, onInsert }: TableRowProps): JSX.Element {
  return (
    <>
      <span class={table.columns.length > 0 ? "turn" : "turn none"} aria-hidden="true" onClick={onTurn}>
        {isOpen ? "▾" : "▸"}
      </span>
      <span class="name" title={tableTitle(table)} onClick={onInsert}>
        {table.kind !== "table" && <span class="kind">{table.kind === "function" ? "ƒ" : "≡"}</span>}
        <Inert text={table.name} />
        {isOpen && <small class="quiet">{spanText(table)}</small>}
      </span>
      <span class="count quiet">{table.rows === null ? "" : compact(table.rows)}</span>
    </>
  );
}

function ColumnRow({ column, onInsert }: { column: TableColumn; onInsert: () => void }): JSX.Element {
  return (
    <>
      <span class={`type ${column.type}`} title={column.type}>
        {TYPES[column.type] ?? column.type}
      </span>
      <span class={column.fill === 0 ? "name quiet" : "name"} title={inert([`${column.name}: ${column.type}`, column.help].filter(Boolean).join("\n"), true)} onClick={onInsert}>
        <Inert text={column.name} />
      </span>
      <Fill column={column} />
    </>
  );
}
