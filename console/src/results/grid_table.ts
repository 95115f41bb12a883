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
import { listenToGrid, NUMBERS, type CellPlace, type GridHandlers } from "./grid_input";
import { fixedRows, ROW_HEIGHT, type RowOrder } from "./grid_rows";
import { isNumber, sortedOrder } from "./values";

Tabulator.registerModule([FormatModule, FrozenColumnsModule, MoveColumnsModule, ResizeColumnsModule]);

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
  readonly range: CellRange;
  private readonly stop = new AbortController();
  sorted: { column: number; descending: boolean } | null = null;
  readonly hidden = new Set<number>();
  /** When a column was last moved: the click that ends that means no sorting. */
  movedAt = -Infinity;

  constructor(
    readonly element: HTMLElement,
    readonly table: ResultTable,
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
    this.tabulator.on("columnMoved", () => {
      this.movedAt = performance.now();
      this.changed();
    });
    listenToGrid(this, handlers, this.stop.signal);
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

  column(field: string): number {
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

  holder(): HTMLElement {
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

  paint(): void {
    const rows = this.element.querySelectorAll(".tabulator-table > .tabulator-row");
    const active = this.range.paint(rows, (row) => this.places[this.indexes.get(row) ?? -1] ?? -1, this.shownColumns());
    if (active) this.element.setAttribute("aria-activedescendant", active);
    else this.element.removeAttribute("aria-activedescendant");
  }

  /** The place of a cell on the screen that an event is in, or null. */
  placeOf(target: EventTarget | null): Place | null {
    const cell = target instanceof Element ? target.closest(".tabulator-cell") : null;
    const row = cell?.closest(".tabulator-row");
    const index = row ? this.indexes.get(row) : undefined;
    if (!cell || index === undefined) return null;
    const field = cell.getAttribute("tabulator-field") ?? "";
    const column = field === NUMBERS ? 0 : this.shownColumns().indexOf(this.column(field));
    return { row: this.places[index] ?? 0, column };
  }

  cellAt(place: Place): CellPlace | null {
    const row = this.shared.order[place.row];
    const column = this.shownColumns()[place.column];
    return row === undefined || column === undefined ? null : { row, column };
  }

  bringIntoSight(): void {
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
}
