import { ArgumentError, DTypeError, FileError, nearest } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { readElements } from "./elements.ts";
import { dtypeOf, type Header, quoted, type TensorDType, type TensorEntry } from "./safetensors-format.ts";
import { readHeader } from "./safetensors-header.ts";
import { type FileSource, openSource, type Source } from "./source.ts";

/** What a file says of a tensor. */
export interface TensorInfo {
  /** As the file names it: `F32`, `BF16`. */
  readonly dtype: TensorDType;
  readonly shape: Shape;
  readonly bytes: number;
}

/** The arrays of a safetensors file, each of which is read when it is asked for. {@link openSafetensors} makes one. */
export class Safetensors {
  private readonly entries: ReadonlyMap<string, TensorEntry>;
  private readonly header: Header;
  private closed = false;

  /** @internal */
  constructor(private readonly source: Source) {
    this.header = readHeader(source, "files.openSafetensors");
    this.entries = new Map(this.header.entries.map((entry) => [entry.name, entry]));
  }

  /** The names of the tensors, in the order of their bytes. */
  get names(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** The file's own words about itself, such as `{ format: "pt" }`. */
  get metadata(): Readonly<Record<string, string>> {
    return this.header.metadata;
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** What the file says of a tensor; nothing is read. @throws ArgumentError there is none of this name. */
  info(name: string): TensorInfo {
    const { dtype, shape, start, end } = this.entry(name);
    return { dtype, shape, bytes: end - start };
  }

  /**
   * The tensor as an array. Reads its bytes and no others.
   *
   * Dtype: that of the file; without `config.enableX64`, 64-bit ones become their 32-bit kin, with a warning.
   * @throws ArgumentError there is none of this name; DTypeError there are no arrays of its dtype; FileError the file cannot
   * be read, or is closed, a boolean is neither 0 nor 1, or an integer does not fit in 32 bits; BackendError there is not
   * enough memory.
   */
  get(name: string): ArrayValue {
    const { dtype: format, shape, start } = this.entry(name);
    const caller = `${this.source.name}: tensor ${quoted(name)}`;
    this.checkOpen(name);
    const dtype = dtypeOf(format);
    if (dtype === null)
      throw new DTypeError("files/dtype", `${caller} is of dtype ${format}, of which there are no arrays`);
    return readElements(dtype, shape, caller, (bytes) =>
      this.source.read(bytes, this.header.dataStart + start),
    );
  }

  /**
   * The bytes of the tensor as the file has them, whatever its dtype: for what is only copied.
   *
   * @throws ArgumentError there is none of this name; FileError the file cannot be read, or is closed.
   */
  bytes(name: string): Uint8Array {
    const { start, end } = this.entry(name);
    this.checkOpen(name);
    const bytes = new Uint8Array(end - start);
    this.source.read(bytes, this.header.dataStart + start);
    return bytes;
  }

  /** Closes the file; its arrays stay. */
  close(): void {
    if (!this.closed) this.source.close();
    this.closed = true;
  }

  private checkOpen(name: string): void {
    if (this.closed)
      throw new FileError(
        "files/closed",
        `${this.source.name}: tensor ${quoted(name)} was asked for after close()`,
      );
  }

  private entry(name: string): TensorEntry {
    const entry = this.entries.get(name);
    if (entry !== undefined) return entry;
    const near = nearest(name, this.entries.keys());
    throw new ArgumentError(
      "files/tensor",
      `${this.source.name} has no tensor ${quoted(name)}${near === undefined ? "" : `; did you mean ${quoted(near)}?`}`,
    );
  }
}

/**
 * A safetensors file, or its bytes. Only the header is read, and checked as a whole before anything else is done with it:
 * see {@link Safetensors} for the rest. Close it when it is no longer needed.
 *
 * @throws FileError when there is no such file, or it is no safetensors file, saying why; ArgumentError when `source` is
 * neither a path nor bytes.
 * @example
 * const file = files.openSafetensors("model.safetensors");
 * for (const name of file.names) console.log(name, file.info(name).shape);
 * const weight = file.get("encoder.weight");
 * file.close();
 * @see https://huggingface.co/docs/safetensors
 */
export function openSafetensors(source: FileSource): Safetensors {
  const opened = openSource(source, "files.openSafetensors");
  try {
    return new Safetensors(opened);
  } catch (error) {
    opened.close();
    throw error;
  }
}
