import { flattenWithPath, type Path } from "../tree/index.ts";
import { tensorName } from "../files/index.ts";
import { Conv, Embedding, Linear, Module } from "../nn/index.ts";

/**
 * What the weight of a module is: `[out, in]` of a linear map; the same with its axes exchanged; a table of vectors, one in a
 * row; the kernel `[out, in, …window]` of a convolution.
 */
export type WeightKind = "linear" | "transposed" | "embedding" | "conv";

/** A module of a model, by its name in the files of other libraries. */
export interface NamedModule {
  /** Dotted, as PyTorch has it: `encoder.layer.0.attention.self.query`. */
  readonly name: string;
  /** Where it is in the model, dotted: the same unless the model says otherwise. */
  readonly path: string;
  /** What its field `weight` is; null where it cannot be adapted. */
  readonly kind: WeightKind | null;
}

export interface NamingOptions {
  /** The name in files of the module at a dotted path of the model. Default: the path. */
  readonly name?: ((path: string) => string) | undefined;
  /** What the field `weight` of a module is; null where it cannot be adapted. Default: known for the layers of `nn`. */
  readonly kind?: ((module: Module) => WeightKind | null) | undefined;
}

/** The kind of weight that the layers of `nn` have. */
function kindOf(module: Module): WeightKind | null {
  if (module instanceof Linear) return "linear";
  // Of groups, each feature sees but some of the input's.
  if (module instanceof Conv) return module.groups === 1 ? "conv" : null;
  return module instanceof Embedding ? "embedding" : null;
}

/** The modules of a model below its root, each after those that it is in. */
export function modulesOf(model: unknown, naming: NamingOptions = {}): NamedModule[] {
  const { name = (path) => path, kind = kindOf } = naming;
  const found: NamedModule[] = [];
  const visit = (tree: unknown, above: Path): void => {
    const isBelow = (node: unknown): boolean => node !== tree && node instanceof Module;
    for (const [below, node] of flattenWithPath(tree, isBelow)[0]) {
      if (!isBelow(node)) continue;
      const at = [...above, ...below];
      const path = tensorName(at);
      found.push({ name: name(path), path, kind: kind(node as Module) });
      visit(node, at);
    }
  };
  visit(model, []);
  return found;
}
