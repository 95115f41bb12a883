/** Beside the grid: the cell, its row, its column, or where else its value stands. */
import type { JSX } from "preact";
import type { Cell, ResultTable, TimeRange } from "../api/query";
import { Inert } from "../text/inert";
import type { CellPlace } from "./grid_input";
import { CellInspector, RowInspector } from "./inspector";
import type { Comparison } from "./kql_text";
import { PivotPanel } from "./pivot_panel";
import { StatisticsPanel } from "./statistics_panel";

export type Side = "cell" | "row" | "column" | "everywhere";

interface Props {
  readonly table: ResultTable;
  readonly place: CellPlace;
  readonly side: Side;
  readonly range: TimeRange | null;
  readonly onSide: (side: Side) => void;
  readonly onPlace: (place: CellPlace) => void;
  readonly onFilter: (column: number, cell: Cell, comparison: Comparison) => void;
  readonly onLeaf: (path: readonly (string | number)[], value: unknown) => void;
  readonly onNewTab: (query: string, title: string) => void;
  readonly onClose: () => void;
}

const SIDES: readonly (readonly [Side, string])[] = [
  ["cell", "Cell"],
  ["row", "Row"],
  ["column", "Statistics"],
  ["everywhere", "All tables"],
];

export function SidePanel(props: Props): JSX.Element {
  const { table, place, side } = props;
  const column = table.columns[place.column];
  const cell = table.rows[place.row]?.[place.column] ?? null;
  const key = (event: KeyboardEvent): void => {
    if (event.key === "Escape") props.onClose();
  };
  return (
    <aside class="details" aria-label="Details" onKeyDown={key}>
      <div class="tabs" role="tablist" aria-label="Details of">
        {SIDES.map(([name, label]) => (
          <button key={name} role="tab" class="plain" aria-selected={side === name} onClick={() => props.onSide(name)}>
            {label}
          </button>
        ))}
        <span class="space" />
        <button class="plain" aria-label="Close details" title="Close (Escape)" onClick={props.onClose}>
          ✕
        </button>
      </div>
      <div class="details-body">
        {side !== "row" && side !== "column" && column && (
          <h3 class="of">
            <Inert text={column.name} />
            {side === "cell" && table.rows.length > 0 && <span class="quiet"> · row {place.row + 1}</span>}
          </h3>
        )}
        {column && side === "cell" && table.rows.length > 0 && <CellInspector column={column} cell={cell} onLeaf={props.onLeaf} />}
        {side === "row" && table.rows.length > 0 && <RowInspector table={table} row={place.row} chosen={place.column} onChoose={props.onPlace} />}
        {side === "column" && (
          <StatisticsPanel table={table} column={place.column} onColumn={(next) => props.onPlace({ row: place.row, column: next })} onFilter={props.onFilter} />
        )}
        {column && side === "everywhere" && <PivotPanel cell={cell} type={column.type} range={props.range} onNewTab={props.onNewTab} />}
      </div>
    </aside>
  );
}
