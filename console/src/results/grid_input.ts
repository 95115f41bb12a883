/** What is done with a grid by mouse and keys. */
import type { GridTable } from "./grid_table";
import { ROW_HEIGHT } from "./grid_rows";

/** The field of the column of row numbers. */
export const NUMBERS = "n";

/** A cell of the result: the row's number in the result, and the column's. */
export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

export interface GridHandlers {
  /** A cell became the current one. */
  readonly onSelect: (cell: CellPlace) => void;
  /** Enter, or a double click. */
  readonly onOpen: (cell: CellPlace) => void;
  /** Keys `+` and `-`. */
  readonly onFilter: (cell: CellPlace, comparison: "==" | "!=") => void;
  readonly onCellMenu: (cell: CellPlace, x: number, y: number) => void;
  readonly onColumnMenu: (column: number, x: number, y: number) => void;
  /** What the grid shows changed: order, or which columns. */
  readonly onChange: () => void;
}

export function listenToGrid(grid: GridTable, handlers: GridHandlers, signal: AbortSignal): void {
  new GridInput(grid, handlers, signal);
}

class GridInput {
  constructor(
    private readonly grid: GridTable,
    private readonly handlers: GridHandlers,
    signal: AbortSignal,
  ) {
    this.listen(signal);
  }

  private listen(signal: AbortSignal): void {
    const on = <K extends keyof HTMLElementEventMap>(kind: K, act: (event: HTMLElementEventMap[K]) => void): void =>
      this.grid.element.addEventListener(kind, act, { signal });
    on("mousedown", (event) => this.press(event));
    on("mouseover", (event) => this.drag(event));
    on("dblclick", (event) => this.withCell(event, (cell) => this.handlers.onOpen(cell)));
    on("click", (event) => this.click(event));
    on("contextmenu", (event) => this.menu(event));
    on("keydown", (event) => this.key(event));
    on("copy", (event) => this.copy(event));
  }

  private withCell(event: Event, act: (cell: CellPlace) => void): void {
    const place = this.grid.placeOf(event.target);
    const cell = place && this.grid.cellAt(place);
    if (cell) act(cell);
  }

  private press(event: MouseEvent): void {
    const place = this.grid.placeOf(event.target);
    if (place === null || (event.button !== 0 && this.grid.range.has(place))) return;
    event.preventDefault();
    this.grid.element.focus();
    const isRow = (event.target as Element).closest('[tabulator-field="n"]') !== null;
    if (isRow) this.grid.range.chooseRow(place.row, this.grid.shownColumns().length - 1, event.shiftKey);
    else this.grid.range.go(place, event.shiftKey);
    this.selected();
  }

  private drag(event: MouseEvent): void {
    if (event.buttons !== 1) return;
    const place = this.grid.placeOf(event.target);
    if (place === null || this.grid.range.active === null) return;
    this.grid.range.go(place, true);
    this.grid.paint();
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    const head = target.closest(".tabulator-col[tabulator-field]");
    if (head === null || target.closest(".tabulator-col-resize-handle") || performance.now() - this.grid.movedAt < 300) return;
    const column = this.grid.column(head.getAttribute("tabulator-field") ?? "");
    if (Number.isNaN(column)) return;
    if (target.closest("button.more")) {
      this.handlers.onColumnMenu(column, event.clientX, event.clientY);
      return;
    }
    const isIt = this.grid.sorted?.column === column;
    this.grid.sort(column, !isIt ? false : this.grid.sorted?.descending ? null : true);
  }

  private menu(event: MouseEvent): void {
    const head = (event.target as Element).closest(".tabulator-col[tabulator-field]");
    const column = this.grid.column(head?.getAttribute("tabulator-field") ?? "");
    event.preventDefault();
    if (head !== null && !Number.isNaN(column)) {
      this.handlers.onColumnMenu(column, event.clientX, event.clientY);
      return;
    }
    // By the keyboard the event is the grid's own: the menu belongs to the current cell.
    const place = this.grid.placeOf(event.target) ?? this.grid.range.active;
    const cell = place && this.grid.cellAt(place);
    if (!cell) return;
    const box = this.grid.element.querySelector(".tabulator-cell.active")?.getBoundingClientRect();
    const isPointed = this.grid.placeOf(event.target) !== null;
    this.handlers.onCellMenu(cell, isPointed ? event.clientX : (box?.left ?? 0), isPointed ? event.clientY : (box?.bottom ?? 0));
  }

  private selected(): void {
    this.grid.paint();
    const cell = this.grid.range.active && this.grid.cellAt(this.grid.range.active);
    if (cell) this.handlers.onSelect(cell);
  }

  private key(event: KeyboardEvent): void {
    const columns = this.grid.shownColumns().length;
    const page = Math.max(1, Math.floor(this.grid.holder().clientHeight / ROW_HEIGHT) - 1);
    if ((event.ctrlKey || event.metaKey) && event.key === "a") {
      event.preventDefault();
      this.grid.range.chooseAll(this.grid.shownRows().length - 1, columns - 1);
      this.grid.paint();
      return;
    }
    if (event.altKey) return;
    if (this.grid.range.move(event, { rows: this.grid.shownRows().length, columns, page })) {
      event.preventDefault();
      this.grid.bringIntoSight();
      this.selected();
      return;
    }
    const cell = this.grid.range.active && this.grid.cellAt(this.grid.range.active);
    if (!cell || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter") this.handlers.onOpen(cell);
    else if (event.key === "+" || event.key === "-") this.handlers.onFilter(cell, event.key === "+" ? "==" : "!=");
    else return;
    event.preventDefault();
  }

  private copy(event: ClipboardEvent): void {
    if (this.grid.range.box() === null) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", this.grid.range.text(this.grid.table, this.grid.chosen()));
  }
}
