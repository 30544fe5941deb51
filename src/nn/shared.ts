import { at } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { sameForm, showForm } from "./form.ts";
import { Module } from "./module.ts";

/** Where a node was that is shared: it has no leaves. */
class SharedNode extends Module {}

/**
 * Parts of a tree that are one: the nodes at `where` are left out, and `forward` puts there what `get` finds in the rest. Otherwise a
 * layer in two places of a tree is two layers, which are trained apart.
 *
 * `where` returns a node of the tree or a list of them, as for `tree.at`; `get` as many values, which may be computed.
 * @example
 * const shared = new nn.Shared([embedding, linear], ([_, l]) => l.weight, ([e]) => e.weight);
 * const [embed, project] = shared.forward(); // project.weight is embed.weight
 * @see `equinox.nn.Shared`
 */
export class Shared<Tree> extends Module {
  readonly pytree: Tree;
  readonly where: (tree: Tree) => unknown;
  readonly get: (tree: Tree) => unknown;

  /**
   * @throws ArgumentError when what is left out differs from what takes its place, in structure, shapes or dtypes; TreeError when
   * `where` returns no nodes.
   */
  constructor(pytree: Tree, where: (tree: Tree) => unknown, get: (tree: Tree) => unknown) {
    super();
    const [own, source] = [where(pytree), get(pytree)];
    if (!sameForm(own, source))
      throw new ArgumentError(
        "nn/shared",
        `nn.Shared: what is shared must be alike, but where is at ${showForm(own)} and get returns ${showForm(source)}`,
      );
    this.pytree = at(where, pytree, { replaceFn: () => new SharedNode() });
    this.where = where;
    this.get = get;
  }

  /** The whole tree. */
  forward(): Tree {
    return at(this.where, this.pytree, this.get(this.pytree));
  }
}
