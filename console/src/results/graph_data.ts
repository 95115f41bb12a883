/** Who talks to whom: two columns of a result as edges, weighted by their rows, or by what a column counts. */
import type { Cell, Column, ResultTable } from "../api/query";
import { cellText } from "./values";

export interface GraphColumns {
  readonly from: number;
  readonly to: number;
  /** The column of numbers whose sum weighs an edge; null: its rows count. */
  readonly weight: number | null;
}

export interface GraphNode {
  readonly side: "from" | "to";
  readonly cell: Cell;
  readonly text: string;
  readonly weight: number;
}

export interface GraphEdge {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

export interface GraphData {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** How many edges there are in all, drawn or not. */
  readonly all: number;
  /** Rows without a value in one of the columns. */
  readonly without: number;
}

/** How many edges may be drawn. */
export const EDGE_COUNTS = [50, 100, 200] as const;
// Names of Defender's and Sentinel's tables, those that say most first.
const FROM = ["InitiatingProcessFileName", "ProcessName", "Process", "Image", "FileName", "DeviceName", "Computer", "SourceIp", "SourceIP", "SrcIpAddr"];
const TO = ["RemoteUrl", "RemoteIP", "RemoteIp", "DestinationIp", "DestinationIP", "DestinationHostname", "DstIpAddr", "RemoteCountry", "DestinationPort", "RemotePort"];

/** How many rows have a value there. */
function filled(table: ResultTable, column: number): number {
  return table.rows.reduce((sum, row) => sum + (cellText(row[column]) === "" ? 0 : 1), 0);
}

function known(table: ResultTable, names: readonly string[]): number | null {
  const found = names.map((name) => table.columns.findIndex((column) => column.name === name)).filter((index) => index >= 0);
  // A column that is there but mostly empty (the URL of plain addresses) says less than the next.
  return found.find((index) => filled(table, index) * 2 > table.rows.length) ?? found[0] ?? null;
}

/** The columns that a result's processes and destinations stand in, or null where they are not known. */
export function graphColumns(table: ResultTable): GraphColumns | null {
  const from = known(table, FROM);
  const to = known(table, TO);
  return from === null || to === null ? null : { from, to, weight: countColumn(table) };
}

const COUNTED = /^(count_?|n|events|connections|hits|logons|sessions|total.*|.*count)$/i;

/** The column that counts in rows that were summarized, by its name. */
export function countColumn(table: ResultTable): number | null {
  const found = table.columns.findIndex((column) => isNumber(column) && COUNTED.test(column.name));
  return found < 0 ? null : found;
}

export function isNumber(column: Column): boolean {
  return ["int", "long", "real", "decimal"].includes(column.type);
}

function weightOf(cell: Cell): number {
  const weight = Number(cellText(cell ?? null));
  return Number.isFinite(weight) && weight > 0 ? weight : 0;
}

/** The heaviest edges, so many at most, and their nodes. */
export function graphData(table: ResultTable, columns: GraphColumns, most: number): GraphData {
  const edges = new Map<string, { from: Cell; to: Cell; weight: number }>();
  let without = 0;
  for (const row of table.rows) {
    const from = row[columns.from] ?? null;
    const to = row[columns.to] ?? null;
    const [left, right] = [cellText(from), cellText(to)];
    if (left === "" || right === "") {
      without += 1;
      continue;
    }
    const key = `${left.length}:${left}${right}`;
    const found = edges.get(key);
    const weight = columns.weight === null ? 1 : weightOf(row[columns.weight]);
    if (found) found.weight += weight;
    else edges.set(key, { from, to, weight });
  }
  const kept = [...edges.values()].sort((left, right) => right.weight - left.weight).slice(0, most);
  const nodes: { side: "from" | "to"; cell: Cell; text: string; weight: number }[] = [];
  const places = new Map<string, number>();
  const node = (side: "from" | "to", cell: Cell, weight: number): number => {
    const key = `${side}:${cellText(cell)}`;
    const place = places.get(key) ?? nodes.push({ side, cell, text: cellText(cell), weight: 0 }) - 1;
    places.set(key, place);
    const found = nodes[place];
    if (found) found.weight += weight;
    return place;
  };
  const drawn = kept.map((edge) => ({ from: node("from", edge.from, edge.weight), to: node("to", edge.to, edge.weight), weight: edge.weight }));
  return { nodes, edges: drawn, all: edges.size, without };
}

export interface GraphPlace {
  readonly x: number;
  readonly y: number;
}

const GAP = 20;
const WIDTH = 560;

/** Both sides as columns, the most rows above; what is gone to stands near the middle of those that went there. */
export function graphPlaces(data: GraphData): GraphPlace[] {
  const side = (which: "from" | "to"): number[] => [...data.nodes.keys()].filter((index) => data.nodes[index]?.side === which);
  const left = side("from");
  let right = side("to");
  left.sort((a, b) => (data.nodes[b]?.weight ?? 0) - (data.nodes[a]?.weight ?? 0));
  right = byMiddle(right, left, data);
  const places: GraphPlace[] = [];
  const most = Math.max(left.length, right.length);
  for (const [nodes, x] of [[left, 0], [right, WIDTH]] as const) {
    const gap = nodes.length > 1 ? Math.min(GAP * 3, (GAP * (most - 1)) / (nodes.length - 1)) : 0;
    const top = (GAP * (most - 1) - gap * (nodes.length - 1)) / 2;
    nodes.forEach((node, index) => (places[node] = { x, y: top + index * gap }));
  }
  return places;
}

function byMiddle(own: number[], others: number[], data: GraphData): number[] {
  const place = new Map(others.map((node, index) => [node, index]));
  const sums = new Map<number, { weight: number; sum: number }>();
  for (const edge of data.edges) {
    const found = sums.get(edge.to) ?? { weight: 0, sum: 0 };
    sums.set(edge.to, { weight: found.weight + edge.weight, sum: found.sum + edge.weight * (place.get(edge.from) ?? 0) });
  }
  const middle = (node: number): number => {
    const found = sums.get(node);
    return found && found.weight > 0 ? found.sum / found.weight : 0;
  };
  const weight = (node: number): number => data.nodes[node]?.weight ?? 0;
  return [...own].sort((a, b) => middle(a) - middle(b) || weight(b) - weight(a));
}
