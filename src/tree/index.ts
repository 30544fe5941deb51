export { at, type AtOptions } from "./edit.ts";
export { TreeError, type TreeErrorCode } from "./errors.ts";
export { combine, filter, type FilterOptions, type FilterSpec, partition } from "./filter.ts";
export {
  flatten,
  flattenWithPath,
  type IsLeaf,
  leaves,
  leavesWithPath,
  structure,
  unflatten,
} from "./flatten.ts";
export { type NodeKind, nodeKind, register, type Registration } from "./node-type.ts";
export { type Path, type PathEntry, pathToString } from "./path.ts";
export { broadcastPrefix, broadcastTo, flattenUpTo } from "./prefix.ts";
export { all, equal, leafEquals, map, mapWith, mapWithPath, reduce, transpose } from "./tree.ts";
export { TreeDef, type TreeDefKind } from "./tree-def.ts";
