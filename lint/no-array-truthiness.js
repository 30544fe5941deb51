/**
 * @import { Rule, Scope } from "eslint"
 * @import * as ESTree from "estree"
 */

/**
 * An expression of the parsed program, with the wrappers of TypeScript that ESTree lacks.
 * @typedef {ESTree.Node | { type: "TSAsExpression" | "TSSatisfiesExpression" | "TSNonNullExpression", expression: ESTree.Node }} Node
 */

/** @param {string} names */
const set = (names) => new Set(names.split(" "));

const namespaces = set("np numpy lax");

/** Functions of those namespaces whose result is a JS value, not an array. */
const plain = set(
  "isdtype issubdtype isscalar iscomplexobj isrealobj canCast promoteTypes resultType dtype finfo iinfo ndim size shape " +
    "broadcastShapes s",
);

const predicates = set("less lessEqual greater greaterEqual equal notEqual any all");

const transformations = set(
  "jit grad valueAndGrad vjp jvp linearize linearTranspose vmap jacfwd jacrev hessian checkpoint customJvp customVjp " +
    "makeJaxpr evalShape closureConvert quaxify",
);
const control = set("cond switch scan whileLoop foriLoop map associativeScan");

/**
 * Flags an array where JavaScript asks for a boolean. An object is always truthy there, and no error can be raised at run time.
 * It reads names only, no types: see `isArray`.
 *
 * @type {Rule.RuleModule}
 */
export const noArrayTruthiness = {
  meta: {
    type: "problem",
    docs: { description: "Disallow arrays where JavaScript asks for a boolean: every array is truthy." },
    schema: [],
    messages: {
      truthy:
        "`{{text}}` is an array, and JavaScript takes every array for true. Use lax.cond or np.where to choose by its " +
        "value, or `.toBool()` if it is concrete (outside jit, grad and vmap); to ask whether it is given at all, " +
        "compare it with null.",
    },
  },
  create(context) {
    const source = context.sourceCode;

    /** Reports an expression whose truth is asked for, or those parts that decide it. @param {Node | null | undefined} wrapped */
    const test = (wrapped) => {
      const node = unwrapped(wrapped);
      switch (node?.type) {
        case "ChainExpression":
          return test(node.expression);
        case "SequenceExpression":
          return test(node.expressions.at(-1));
        case "ConditionalExpression":
          test(node.consequent);
          return test(node.alternate);
        case "LogicalExpression":
          // The left of && and || is a test wherever it stands; the visitor below reports it.
          if (node.operator === "??") test(node.left);
          return test(node.right);
        case "Identifier":
        case "CallExpression":
          if (!isArray(node, source.getScope(node))) return;
          context.report({ node, messageId: "truthy", data: { text: short(source.getText(node)) } });
      }
    };

    return {
      IfStatement: (node) => test(node.test),
      WhileStatement: (node) => test(node.test),
      DoWhileStatement: (node) => test(node.test),
      ForStatement: (node) => test(node.test),
      ConditionalExpression: (node) => test(node.test),
      LogicalExpression: (node) => node.operator !== "??" && test(node.left),
      UnaryExpression: (node) => node.operator === "!" && test(node.argument),
      CallExpression: (node) => {
        if (isNamed(node.callee, "Boolean")) test(node.arguments[0]);
      },
    };
  },
};

/**
 * Whether `node` is an array by its looks: a call of `np.*` or `lax.*`, a comparison by method, or a name bound to one of these or
 * to an argument that a transformation traces.
 *
 * @param {ESTree.Node} node
 * @param {Scope.Scope} scope
 * @returns {boolean}
 */
function isArray(node, scope) {
  if (node.type === "CallExpression") return isArrayCall(node);
  if (node.type !== "Identifier") return false;
  const variable = lookup(node.name, scope);
  const [definition, ...others] = variable?.defs ?? [];
  if (!variable || !definition || others.length > 0) return false;
  if (variable.references.some((reference) => reference.isWrite() && !reference.init)) return false;
  if (definition.type === "Parameter") return isTraced(definition.name, definition.node);
  if (definition.type !== "Variable" || definition.node.id.type !== "Identifier") return false;
  const init = unwrapped(definition.node.init);
  if (init?.type === "Identifier") return init.name !== node.name && isArray(init, variable.scope);
  return init?.type === "CallExpression" && isArrayCall(init);
}

/** @param {ESTree.SimpleCallExpression} call */
function isArrayCall({ callee }) {
  if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier")
    return false;
  const { name } = callee.property;
  /** @type {ESTree.Node} */
  let root = callee.object;
  while (root.type === "MemberExpression") root = root.object; // np.linalg.det
  if (root.type === "Identifier" && namespaces.has(root.name)) return !plain.has(name);
  return predicates.has(name) && !isNamed(root, "Promise");
}

/**
 * Whether the parameter `name` of `fn` stands for a traced argument: `fn` is written where a transformation takes its function.
 *
 * @param {ESTree.Identifier} name
 * @param {ESTree.Node} fn
 */
function isTraced(name, fn) {
  if (fn.type !== "ArrowFunctionExpression" && fn.type !== "FunctionExpression") return false;
  /** @type {ESTree.Node} */
  let parameter = name;
  while (parentOf(parameter)?.type === "ArrayPattern")
    parameter = /** @type {ESTree.Node} */ (parentOf(parameter));
  const position = fn.params.findIndex((candidate) => candidate === parameter);
  const call = parentOf(fn);
  if (position < 0 || call?.type !== "CallExpression" || !call.arguments.some((argument) => argument === fn))
    return false;
  return isTransformation(call.callee) && !staticArgnums(call).has(position);
}

/** @param {ESTree.Node} callee */
function isTransformation(callee) {
  if (callee.type === "Identifier") return transformations.has(callee.name);
  if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier")
    return false;
  const { name } = callee.property;
  return transformations.has(name) || (control.has(name) && isNamed(callee.object, "lax"));
}

/**
 * The argument positions that `call` declares static; every position if it declares them in a way that cannot be read here.
 *
 * @param {ESTree.SimpleCallExpression} call
 * @returns {{ has(position: number): boolean }}
 */
function staticArgnums({ arguments: operands }) {
  const none = new Set();
  const options = operands.at(-1);
  if (operands.length < 2 || options?.type !== "ObjectExpression") return none;
  const value = options.properties.flatMap((entry) =>
    entry.type === "Property" && isNamed(entry.key, "staticArgnums") ? [entry.value] : [],
  )[0];
  if (!value) return none;
  const positions = (value.type === "ArrayExpression" ? value.elements : [value]).map((element) =>
    element?.type === "Literal" ? element.value : undefined,
  );
  return positions.every((position) => typeof position === "number")
    ? new Set(positions)
    : { has: () => true };
}

/** @param {string} name @param {Scope.Scope | null} scope @returns {Scope.Variable | undefined} */
function lookup(name, scope) {
  for (let at = scope; at; at = at.upper) {
    const variable = at.set.get(name);
    if (variable) return variable;
  }
  return undefined;
}

/** @param {Node | null | undefined} node @returns {ESTree.Node | null | undefined} */
function unwrapped(node) {
  switch (node?.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
      return unwrapped(node.expression);
    default:
      return node;
  }
}

/** @param {ESTree.Node} node @returns {ESTree.Node | undefined} */
const parentOf = (node) => /** @type {{ parent?: ESTree.Node }} */ (node).parent;

/** @param {ESTree.Node} node @param {string} name */
const isNamed = (node, name) => node.type === "Identifier" && node.name === name;

/** @param {string} text */
const short = (text) => (text.length > 60 ? `${text.slice(0, 57)}...` : text);
