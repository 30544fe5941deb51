import { Dimension, Units } from "./units.ts";

/** Base units of the SI, in the order in which products are written. */
export const kilogram: Units = Units.of(new Dimension("kg"));
export const metre: Units = Units.of(new Dimension("m"));
export const second: Units = Units.of(new Dimension("s"));
export const ampere: Units = Units.of(new Dimension("A"));
export const kelvin: Units = Units.of(new Dimension("K"));
export const mole: Units = Units.of(new Dimension("mol"));
export const candela: Units = Units.of(new Dimension("cd"));

/** The units of a number. */
export const one: Units = metre.pow(0);

export const gram: Units = kilogram.multiple(1e-3, "g");
export const kilometre: Units = metre.multiple(1e3, "km");
export const centimetre: Units = metre.multiple(1e-2, "cm");
export const millimetre: Units = metre.multiple(1e-3, "mm");
export const micrometre: Units = metre.multiple(1e-6, "µm");
export const nanometre: Units = metre.multiple(1e-9, "nm");
export const litre: Units = metre.pow(3).multiple(1e-3, "L");
export const millisecond: Units = second.multiple(1e-3, "ms");
export const minute: Units = second.multiple(60, "min");
export const hour: Units = second.multiple(3600, "h");
export const day: Units = second.multiple(86400, "d");

export const hertz: Units = second.pow(-1).multiple(1, "Hz");
export const newton: Units = kilogram.times(metre).per(second.pow(2)).multiple(1, "N");
export const pascal: Units = newton.per(metre.pow(2)).multiple(1, "Pa");
export const joule: Units = newton.times(metre).multiple(1, "J");
export const watt: Units = joule.per(second).multiple(1, "W");
export const coulomb: Units = ampere.times(second).multiple(1, "C");
export const volt: Units = watt.per(ampere).multiple(1, "V");
export const ohm: Units = volt.per(ampere).multiple(1, "Ω");
export const electronvolt: Units = joule.multiple(1.602176634e-19, "eV");
