import type { Row, Unit } from "./work.ts";

const show = (x: number): string => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));
const isRate = (unit: Unit): boolean => unit.endsWith("/s");

/** What a call that takes so long comes to, of a work of so many operations and bytes. */
export function inUnit(seconds: number, unit: Unit, { flops = 0, bytes = 0 }): number {
  switch (unit) {
    case "GFLOP/s":
      return flops / seconds / 1e9;
    case "GB/s":
      return bytes / seconds / 1e9;
    case "ms":
      return seconds * 1e3;
    case "µs":
      return seconds * 1e6;
  }
}

/** How much faster we are. */
export const ratioOf = (ours: number, peer: number, unit: Unit): number =>
  isRate(unit) ? ours / peer : peer / ours;

const verdict = (is: number, aim: number | null, show: (x: number) => string): string =>
  aim === null ? show(is) : `${show(is)} (${is >= aim ? "≥" : "<"} ${show(aim)})`;

const times = (x: number): string => `${show(x)}×`;
const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;

/** The row as cells; what is wanted stands in brackets. */
const cells = (row: Row): string[] => [
  row.work,
  `${show(row.ours)} ${row.unit}`,
  row.roofline === null ? "" : verdict(row.roofline, row.rooflineAim, percent),
  row.peerName ?? "",
  row.peer === null ? "" : show(row.peer),
  row.ratio === null ? "" : verdict(row.ratio, row.aim, times),
];

const widths = [46, 15, 17, 13, 9, 0];
const aligned = (line: readonly string[]): string =>
  line
    .map((cell, column) => cell.padEnd(widths[column]!))
    .join(" ")
    .trimEnd();

export const header = aligned(["work", "ours", "roofline (aim)", "peer", "", "ratio (aim)"]);

/** The row as a line below {@link header}. */
export const line = (row: Row): string => aligned(cells(row));
