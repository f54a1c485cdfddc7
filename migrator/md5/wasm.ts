/**
 * As much of an assembler for WebAssembly as the MD5 module needs (WebAssembly Core Specification 2.0, chapter 5). An
 * expression is the code that leaves one value; it is built from its operands, so that source reads as formulas do.
 * Code is a tree until the module is put together: copying it at each level would take longer than compiling it.
 */
export type Code = readonly (number | Code)[];

/** The bytes of a tree, in order. */
function flatten(code: Code, into: number[] = []): number[] {
  for (const part of code)
    if (typeof part === "number") into.push(part);
    else flatten(part, into);
  return into;
}

/** An unsigned number in LEB128 (5.2.2). */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

/** A signed number of 32 bits in LEB128 (5.2.2). */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 127;
    rest >>= 7;
    if ((rest === 0 && byte < 64) || (rest === -1 && byte >= 64)) return [...bytes, byte];
    bytes.push(byte | 128);
  }
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
const unary =
  (...opcode: number[]) =>
  (a: Code): Code => [a, opcode];
const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [a, b, opcode];
/** Code of a load or store: the exponent of its alignment (nothing here relies on one), then its offset. */
const memory =
  (...opcode: number[]) =>
  (offset: number): Code => [opcode, 0, unsigned(offset)];

export const local = {
  get: (index: number): Code => [0x20, unsigned(index)],
  set: (index: number, value: Code): Code => [value, 0x21, unsigned(index)],
};

const loadI32 = memory(0x28);
const storeI32 = memory(0x36);
export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  load: (address: Code, offset = 0): Code => [address, loadI32(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, storeI32(offset)],
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  rotl: binary(0x77),
};

const loadV128 = memory(...simd(0x00));
const storeV128 = memory(...simd(0x0b));
/** Vectors of 128 bits; the arithmetic is that of four numbers of 32 bits. */
export const v128 = {
  load: (address: Code, offset = 0): Code => [address, loadV128(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, storeV128(offset)],
  /** Four words of two vectors: 0 to 3 are those of `a`, 4 to 7 those of `b`. */
  shuffle: (a: Code, b: Code, words: readonly [number, number, number, number]): Code => [
    a,
    b,
    simd(0x0d),
    words.flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte)),
  ],
  not: unary(...simd(0x4d)),
  and: binary(...simd(0x4e)),
  /** `a` where `b` has no bit. */
  andnot: binary(...simd(0x4f)),
  or: binary(...simd(0x50)),
  xor: binary(...simd(0x51)),
  shl: (a: Code, bits: number): Code => [a, i32.const(bits), simd(0xab)],
  shr: (a: Code, bits: number): Code => [a, i32.const(bits), simd(0xad)],
  add: binary(...simd(0xae)),
};

/** Runs the body once, and again as long as `condition`, which comes last, is not zero. */
export function repeatWhile(condition: Code, body: Code): Code {
  return [0x03, 0x40, body, condition, 0x0d, 0, 0x0b];
}

export type ValueType = "i32" | "v128";
const valueTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, v128: 0x7b };

export interface WasmFunction {
  readonly name: string;
  /** All of type i32; they are the first locals. The function returns nothing. */
  readonly parameters: number;
  /** Types of the locals after the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** Pages of 64 KiB; a memory that several threads see. */
export interface SharedMemory {
  readonly initial: number;
  readonly maximum: number;
}

/** A module that imports `env.memory` and exports those functions (5.5). */
export function assemble(memory: SharedMemory, functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const vector = (items: readonly Code[]): Code => [unsigned(items.length), items];
  const text = (value: string): Code => vector([...Buffer.from(value, "utf8")].map((byte) => [byte]));
  const sized = (content: Code): Code => {
    const bytes = flatten(content);
    return [unsigned(bytes.length), bytes];
  };
  const section = (id: number, items: readonly Code[]): Code => [id, sized(vector(items))];
  const [memoryImport, functionExport, functionType, sharedWithMaximum, end] = [0x02, 0x00, 0x60, 0x03, 0x0b];
  const limits = [sharedWithMaximum, unsigned(memory.initial), unsigned(memory.maximum)];
  const ofType = (type: ValueType): Code => [valueTypes[type]];
  return Uint8Array.from(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(
        1,
        functions.map(({ parameters }) => [functionType, vector(Array(parameters).fill(ofType("i32"))), 0]),
      ),
      section(2, [[text("env"), text("memory"), memoryImport, limits]]),
      section(
        3,
        functions.map((_, index) => unsigned(index)),
      ),
      section(
        7,
        functions.map(({ name }, index) => [text(name), functionExport, unsigned(index)]),
      ),
      section(
        10,
        functions.map(({ locals, body }) =>
          sized([vector(locals.map((type) => [1, ofType(type)])), body, end]),
        ),
      ),
    ]),
  );
}
