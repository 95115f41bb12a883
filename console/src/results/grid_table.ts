/** The grid of rows: Tabulator draws what is in sight, and here is what it does not know: KQL's order, ranges of cells, keys. */
import {
  FormatModule,
  FrozenColumnsModule,
  MoveColumnsModule,
  ResizeColumnsModule,
  Tabulator,
  type CellComponent,
  type ColumnDefinition,
  type RowComponent,
} from "tabulator-tables";
import "tabulator-tables/dist/css/tabulator_simple.min.css";
import type { ResultTable } from "../api/query";
import { cellNode, columnWidth, titleNode } from "./grid_cells";
import { CellRange, type Place } from "./grid_range";
import { fixedRows, ROW_HEIGHT, type RowOrder } from "./grid_rows";
import { isNumber, sortedOrder } from "./values";

Tabulator.registerModule([FormatModule, FrozenColumnsModule, MoveColumnsModule, ResizeColumnsModule]);

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

const NUMBERS = "n";
// From so many columns on, only those in sight are drawn: fewer are quicker to draw all at once.
const MANY_COLUMNS = 30;

interface RowData {
  i: number;
}

export class GridTable {
  private readonly tabulator: Tabulator;
  private readonly indexes = new WeakMap<Element, number>();
  /** Row numbers in the order of the screen, and each row's place in it. */
  private readonly shared: RowOrder;
  private places: Uint32Array;
  private readonly range: CellRange;
  private readonly stop = new AbortController();
  sorted: { column: number; descending: boolean } | null = null;
  readonly hidden = new Set<number>();

  constructor(
    private readonly element: HTMLElement,
    private readonly table: ResultTable,
    private readonly handlers: GridHandlers,
  ) {
    this.shared = { order: Uint32Array.from(table.rows.keys()), redraw: () => undefined };
    this.places = this.shared.order.slice();
    this.range = new CellRange((field) => this.column(field));
    const options = {
      data: Array.from(table.rows.keys(), (i): RowData => ({ i })),
      index: "i",
      columns: table.columns.map((_, index) => this.definition(index)),
      rowHeader: this.numbers(),
      height: "100%",
      layout: "fitData",
      renderVertical: fixedRows(this.shared),
      renderHorizontal: table.columns.length > MANY_COLUMNS ? "virtual" : "basic",
      nestedFieldSeparator: false,
      movableColumns: true,
      rowFormatter: (row: RowComponent) => this.indexes.set(row.getElement(), (row.getData() as RowData).i),
    };
    this.tabulator = new Tabulator(element, options as ConstructorParameters<typeof Tabulator>[1]);
    this.tabulator.on("tableBuilt", () => this.built());
    this.tabulator.on("columnMoved", () => this.changed());
    this.listen();
  }

  destroy(): void {
    this.stop.abort();
    this.tabulator.destroy();
  }

  /** The columns on the screen, in its order. */
  shownColumns(): number[] {
    return this.tabulator
      .getColumns()
      .filter((column) => column.isVisible() && column.getField() !== NUMBERS)
      .map((column) => this.column(column.getField()));
  }

  /** The rows' numbers in the screen's order. */
  shownRows(): Uint32Array {
    return this.shared.order;
  }

  sort(column: number, descending: boolean | null): void {
    this.sorted = descending === null ? null : { column, descending };
    const cells = this.table.rows.map((row) => row[column] ?? null);
    const type = this.table.columns[column]?.type ?? "string";
    this.shared.order = descending === null ? Uint32Array.from(this.table.rows.keys()) : sortedOrder(cells, type, descending);
    this.places = new Uint32Array(this.shared.order.length);
    this.shared.order.forEach((row, place) => (this.places[row] = place));
    this.shared.redraw();
    this.tellOrder();
    this.range.clear();
    this.changed();
  }

  hide(column: number, isHidden: boolean): void {
    if (isHidden) this.hidden.add(column);
    else this.hidden.delete(column);
    const component = this.tabulator.getColumn(this.field(column));
    if (isHidden) component.hide();
    else component.show();
    this.changed();
  }

  /** The cells that are chosen, or all: rows' and columns' numbers in the screen's order. */
  chosen(): { rows: number[]; columns: number[] } {
    const columns = this.shownColumns();
    const box = this.range.box();
    if (box === null) return { rows: [...this.shared.order], columns };
    return { rows: [...this.shared.order.slice(box.top, box.bottom + 1)], columns: columns.slice(box.left, box.right + 1) };
  }

  focus(): void {
    this.element.focus();
  }

  private field(column: number): string {
    return `c${column}`;
  }

  private column(field: string): number {
    return Number(field.slice(1));
  }

  private definition(index: number): ColumnDefinition {
    const column = this.table.columns[index] ?? { name: "", type: "string" as const };
    return {
      title: this.field(index),
      field: this.field(index),
      width: columnWidth(this.table, index),
      minWidth: 48,
      resizable: "header",
      hozAlign: isNumber(column.type) || column.type === "timespan" ? "right" : "left",
      titleFormatter: () => titleNode(column),
      formatter: (cell: CellComponent) => {
        const row = (cell.getData() as RowData).i;
        return cellNode(this.table.rows[row]?.[index] ?? null, column.type);
      },
    };
  }

  private numbers(): ColumnDefinition {
    return {
      title: NUMBERS,
      field: NUMBERS,
      width: 28 + 8 * String(this.table.rows.length).length,
      frozen: true,
      resizable: false,
      hozAlign: "right",
      cssClass: "number",
      titleFormatter: () => document.createTextNode("") as unknown as HTMLElement,
      formatter: (cell: CellComponent) => String((cell.getData() as RowData).i + 1),
    };
  }

  private built(): void {
    this.element.setAttribute("role", "grid");
    this.element.setAttribute("aria-rowcount", String(this.table.rows.length));
    this.element.setAttribute("aria-label", "Rows");
    this.element.tabIndex = 0;
    this.holder().tabIndex = -1;
    let isPlanned = false;
    const later = (): void => {
      if (isPlanned) return;
      isPlanned = true;
      requestAnimationFrame(() => {
        isPlanned = false;
        this.paint();
      });
    };
    this.holder().addEventListener("scroll", later, { signal: this.stop.signal });
    const watch = new ResizeObserver(() => this.tabulator.redraw());
    watch.observe(this.element);
    this.stop.signal.addEventListener("abort", () => watch.disconnect());
    this.changed();
  }

  private holder(): HTMLElement {
    return this.element.querySelector<HTMLElement>(".tabulator-tableholder") ?? this.element;
  }

  private changed(): void {
    this.paint();
    this.handlers.onChange();
  }

  private tellOrder(): void {
    for (const head of this.element.querySelectorAll<HTMLElement>(".tabulator-col[tabulator-field]")) {
      const isIt = this.sorted !== null && head.getAttribute("tabulator-field") === this.field(this.sorted.column);
      head.setAttribute("aria-sort", !isIt ? "none" : this.sorted?.descending ? "descending" : "ascending");
    }
  }

  private paint(): void {
    const rows = this.element.querySelectorAll(".tabulator-table > .tabulator-row");
    const active = this.range.paint(rows, (row) => this.places[this.indexes.get(row) ?? -1] ?? -1, this.shownColumns());
    if (active) this.element.setAttribute("aria-activedescendant", active);
    else this.element.removeAttribute("aria-activedescendant");
  }

  // --- what the user does -----------------------------------------------------------------------------------

  private listen(): void {
    const on = <K extends keyof HTMLElementEventMap>(kind: K, act: (event: HTMLElementEventMap[K]) => void): void =>
      this.element.addEventListener(kind, act, { signal: this.stop.signal });
    on("mousedown", (event) => this.press(event));
    on("mouseover", (event) => this.drag(event));
    on("dblclick", (event) => this.withCell(event, (cell) => this.handlers.onOpen(cell)));
    on("click", (event) => this.click(event));
    on("contextmenu", (event) => this.menu(event));
    on("keydown", (event) => this.key(event));
    on("copy", (event) => this.copy(event));
  }

  /** The place of a cell on the screen that an event is in, or null. */
  private placeOf(target: EventTarget | null): Place | null {
    const cell = target instanceof Element ? target.closest(".tabulator-cell") : null;
    const row = cell?.closest(".tabulator-row");
    const index = row ? this.indexes.get(row) : undefined;
    if (!cell || index === undefined) return null;
    const field = cell.getAttribute("tabulator-field") ?? "";
    const column = field === NUMBERS ? 0 : this.shownColumns().indexOf(this.column(field));
    return { row: this.places[index] ?? 0, column };
  }

  private cellAt(place: Place): CellPlace | null {
    const row = this.shared.order[place.row];
    const column = this.shownColumns()[place.column];
    return row === undefined || column === undefined ? null : { row, column };
  }

  private withCell(event: Event, act: (cell: CellPlace) => void): void {
    const place = this.placeOf(event.target);
    const cell = place && this.cellAt(place);
    if (cell) act(cell);
  }

  private press(event: MouseEvent): void {
    const place = this.placeOf(event.target);
    if (place === null || (event.button !== 0 && this.range.has(place))) return;
    event.preventDefault();
    this.element.focus();
    const isRow = (event.target as Element).closest('[tabulator-field="n"]') !== null;
    if (isRow) this.range.chooseRow(place.row, this.shownColumns().length - 1, event.shiftKey);
    else this.range.go(place, event.shiftKey);
    this.selected();
  }

  private drag(event: MouseEvent): void {
    if (event.buttons !== 1) return;
    const place = this.placeOf(event.target);
    if (place === null || this.range.active === null) return;
    this.range.go(place, true);
    this.paint();
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    const head = target.closest(".tabulator-col[tabulator-field]");
    if (head === null || target.closest(".tabulator-col-resize-handle")) return;
    const column = this.column(head.getAttribute("tabulator-field") ?? "");
    if (Number.isNaN(column)) return;
    if (target.closest("button.more")) {
      this.handlers.onColumnMenu(column, event.clientX, event.clientY);
      return;
    }
    const isIt = this.sorted?.column === column;
    this.sort(column, !isIt ? false : this.sorted?.descending ? null : true);
  }

  private menu(event: MouseEvent): void {
    const head = (event.target as Element).closest(".tabulator-col[tabulator-field]");
    const column = this.column(head?.getAttribute("tabulator-field") ?? "");
    event.preventDefault();
    if (head !== null && !Number.isNaN(column)) {
      this.handlers.onColumnMenu(column, event.clientX, event.clientY);
      return;
    }
    // By the keyboard the event is the grid's own: the menu belongs to the current cell.
    const place = this.placeOf(event.target) ?? this.range.active;
    const cell = place && this.cellAt(place);
    if (!cell) return;
    const box = this.element.querySelector(".tabulator-cell.active")?.getBoundingClientRect();
    const isPointed = this.placeOf(event.target) !== null;
    this.handlers.onCellMenu(cell, isPointed ? event.clientX : (box?.left ?? 0), isPointed ? event.clientY : (box?.bottom ?? 0));
  }

  private selected(): void {
    this.paint();
    const cell = this.range.active && this.cellAt(this.range.active);
    if (cell) this.handlers.onSelect(cell);
  }

  private key(event: KeyboardEvent): void {
    const columns = this.shownColumns().length;
    const page = Math.max(1, Math.floor(this.holder().clientHeight / ROW_HEIGHT) - 1);
    if ((event.ctrlKey || event.metaKey) && event.key === "a") {
      event.preventDefault();
      this.range.chooseAll(this.shared.order.length - 1, columns - 1);
      this.paint();
      return;
    }
    if (event.altKey) return;
    if (this.range.move(event, { rows: this.shared.order.length, columns, page })) {
      event.preventDefault();
      this.bringIntoSight();
      this.selected();
      return;
    }
    const cell = this.range.active && this.cellAt(this.range.active);
    if (!cell || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter") this.handlers.onOpen(cell);
    else if (event.key === "+" || event.key === "-") this.handlers.onFilter(cell, event.key === "+" ? "==" : "!=");
    else return;
    event.preventDefault();
  }

  private bringIntoSight(): void {
    const place = this.range.active;
    if (place === null) return;
    const holder = this.holder();
    const top = place.row * ROW_HEIGHT;
    if (top < holder.scrollTop) holder.scrollTop = top;
    else if (top + ROW_HEIGHT > holder.scrollTop + holder.clientHeight) holder.scrollTop = top + ROW_HEIGHT - holder.clientHeight;
    const columns = this.tabulator.getColumns().filter((column) => column.isVisible());
    const frozen = columns[0]?.getWidth() ?? 0;
    const widths = columns.slice(1).map((column) => column.getWidth());
    const left = widths.slice(0, place.column).reduce((sum, width) => sum + width, 0);
    const width = widths[place.column] ?? 0;
    if (left < holder.scrollLeft) holder.scrollLeft = left;
    else if (frozen + left + width > holder.scrollLeft + holder.clientWidth) {
      holder.scrollLeft = Math.min(left, frozen + left + width - holder.clientWidth);
    }
  }

  private copy(event: ClipboardEvent): void {
    if (this.range.box() === null) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", this.range.text(this.table, this.chosen()));
  }
}
