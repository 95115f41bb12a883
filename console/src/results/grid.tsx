/** The grid as a component: it lives as long as its table does. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ResultTable } from "../api/query";
import type { GridHandlers } from "./grid_input";
import { GridTable } from "./grid_table";

interface Props {
  readonly table: ResultTable;
  readonly handlers: GridHandlers;
  readonly onReady: (grid: GridTable | null) => void;
}

export function Grid({ table, handlers, onReady }: Props): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  // The grid keeps what it was given first: what it calls must be the newest.
  const newest = useRef(handlers);
  newest.current = handlers;
  useEffect(() => {
    if (element.current === null) return undefined;
    const grid = new GridTable(element.current, table, {
      onSelect: (cell) => newest.current.onSelect(cell),
      onOpen: (cell) => newest.current.onOpen(cell),
      onFilter: (cell, comparison) => newest.current.onFilter(cell, comparison),
      onCellMenu: (cell, x, y) => newest.current.onCellMenu(cell, x, y),
      onColumnMenu: (column, x, y) => newest.current.onColumnMenu(column, x, y),
      onChange: () => newest.current.onChange(),
    });
    onReady(grid);
    return () => {
      onReady(null);
      grid.destroy();
    };
  }, [table]);
  return <div ref={element} class="grid" />;
}
