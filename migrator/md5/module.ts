import { assemble, i32, local, repeatWhile, v128, type Code, type WasmFunction } from "./wasm";

/**
 * The MD5 module (RFC 1321): one function for a single stream, and one for each number of lanes. Four streams share the
 * words of a vector, lane by lane. A step of MD5 needs the step before it, so that a CPU waits for its own results most
 * of the time: eight and twelve streams are two and three vectors whose steps alternate and fill those waits.
 */

/** How many streams at a time, besides one. */
export const laneCounts = [4, 8, 12] as const;
export type LaneCount = (typeof laneCounts)[number];
export const mostLanes = 12;
export const blockSize = 64;

/** What the functions read and write, in bytes from the beginning of memory; streams' data lies above `end`. */
export const layout = {
  /** The state of the single stream: a, b, c, d. */
  state: 0,
  /** The same for lanes, vector by vector; `stateOfLane` says where. */
  states: 64,
  /** Addresses of each lane's next block. */
  pointers: 256,
  /** The constants of the 64 steps, each four times; whoever makes the memory fills them in. */
  constants: 512,
  /** The blocks' words, lane beside lane: 256 bytes a vector. */
  words: 2048,
  end: 4096,
} as const;

/** Where a word of a lane's state is. */
export function stateOfLane(lane: number, word: number): number {
  return layout.states + Math.floor(lane / 4) * 64 + word * 16 + (lane % 4) * 4;
}

/** RFC 1321, 3.4: the integer part of 4294967296 times abs(sin(i)). */
export const constants: readonly number[] = Array.from({ length: 64 }, (_, i) =>
  Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32),
);

/** Bits to rotate by, four in turn for each round. */
const rotations = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;
/** In each round, the word that a step takes: the first one, and how much further the next one is. */
const wordOrder = [
  [0, 1],
  [1, 5],
  [5, 3],
  [0, 7],
] as const;

interface Step {
  readonly round: 0 | 1 | 2 | 3;
  readonly number: number;
  readonly word: number;
  readonly rotation: number;
  /** Which of a, b, c, d plays a's, b's, c's and d's part: they take turns. */
  readonly parts: readonly [number, number, number, number];
}

const steps: readonly Step[] = Array.from({ length: 64 }, (_, number) => {
  const round = (number >> 4) as Step["round"];
  const [first, further] = wordOrder[round];
  const part = (n: number): number => (n - number + 64) % 4;
  return {
    round,
    number,
    word: (first + further * (number % 16)) % 16,
    rotation: rotations[round][number % 4]!,
    parts: [part(0), part(1), part(2), part(3)],
  };
});

/** The same operations on one word and on four. */
interface Arithmetic {
  readonly add: (a: Code, b: Code) => Code;
  readonly and: (a: Code, b: Code) => Code;
  readonly or: (a: Code, b: Code) => Code;
  readonly xor: (a: Code, b: Code) => Code;
  readonly not: (a: Code) => Code;
  /** `a` where `b` has no bit. */
  readonly andnot: (a: Code, b: Code) => Code;
}

/**
 * `known` and F, G, H or I of RFC 1321, 3.4, of b, c and d. `b` is the result of the step before, which everything
 * waits for: it enters as late as it can. The two halves of G have no bit in common, so that they may be added.
 */
function sumOf(
  { add, and, or, xor, not, andnot }: Arithmetic,
  round: Step["round"],
  known: Code,
  [b, c, d]: readonly [Code, Code, Code],
): Code {
  if (round === 0) return add(xor(and(xor(c, d), b), d), known);
  if (round === 1) return add(and(b, d), add(andnot(c, d), known));
  if (round === 2) return add(xor(xor(c, d), b), known);
  return add(xor(or(not(d), b), c), known);
}

/** `single(data, blocks)`: goes on with one stream by so many blocks, at least one. */
function single(): WasmFunction {
  const [data, blocks] = [0, 1];
  const vars = [2, 3, 4, 5];
  const not = (a: Code): Code => i32.xor(a, i32.const(-1));
  const words: Arithmetic = { ...i32, not, andnot: (a, b) => i32.and(a, not(b)) };
  const get = vars.map((index) => local.get(index));
  const body = steps.map(({ round, number, word, rotation, parts: [a, b, c, d] }) => {
    const constant = i32.add(i32.load(local.get(data), word * 4), i32.const(constants[number]!));
    const sum = sumOf(words, round, i32.add(get[a]!, constant), [get[b]!, get[c]!, get[d]!]);
    return local.set(vars[a]!, i32.add(i32.rotl(sum, i32.const(rotation)), get[b]!));
  });
  const zero = i32.const(0);
  return {
    name: "single",
    parameters: 2,
    locals: ["i32", "i32", "i32", "i32"],
    body: [
      vars.map((index, n) => local.set(index, i32.load(zero, layout.state + n * 4))),
      repeatWhile(local.get(blocks), [
        body,
        vars.map((index, n) => {
          const at = layout.state + n * 4;
          return [
            local.set(index, i32.add(local.get(index), i32.load(zero, at))),
            i32.store(zero, local.get(index), at),
          ];
        }),
        local.set(data, i32.add(local.get(data), i32.const(blockSize))),
        local.set(blocks, i32.sub(local.get(blocks), i32.const(1))),
      ]),
    ],
  };
}

/** `lanesN(blocks)`: goes on with N streams by so many blocks each, at least one. */
function lanes(count: LaneCount): WasmFunction {
  const zero = i32.const(0);
  const words = [0, 1, 2, 3];
  const vectors = Array.from({ length: count / 4 }, (_, n) => n);
  const everyLane = Array.from({ length: count }, (_, n) => n);
  // Locals: the parameter, each lane's pointer, each vector's state, and some for what is needed for a moment.
  const blocks = 0;
  const pointer = (lane: number): number => 1 + lane;
  const state = (vector: number, word: number): number => 1 + count + vector * 4 + word;
  const moment = (n: number): number => 1 + count * 2 + n;
  const stateAt = (vector: number, word: number): number => layout.states + vector * 64 + word * 16;
  const wordAt = (vector: number, word: number): number => layout.words + vector * 256 + word * 16;

  /** A quarter of four lanes' blocks, from lane after lane to word after word. */
  const transpose = (vector: number, quarter: number): Code => {
    const row = (n: number): Code => local.get(moment(n));
    const low = (a: Code, b: Code): Code => v128.shuffle(a, b, [0, 4, 1, 5]);
    const high = (a: Code, b: Code): Code => v128.shuffle(a, b, [2, 6, 3, 7]);
    const firsts = (a: Code, b: Code): Code => v128.shuffle(a, b, [0, 1, 4, 5]);
    const seconds = (a: Code, b: Code): Code => v128.shuffle(a, b, [2, 3, 6, 7]);
    const store = (word: number, value: Code): Code =>
      v128.store(zero, value, wordAt(vector, quarter * 4 + word));
    return [
      words.map((n) => local.set(moment(n), v128.load(local.get(pointer(vector * 4 + n)), quarter * 16))),
      local.set(moment(4), low(row(0), row(1))),
      local.set(moment(5), low(row(2), row(3))),
      local.set(moment(6), high(row(0), row(1))),
      local.set(moment(7), high(row(2), row(3))),
      store(0, firsts(row(4), row(5))),
      store(1, seconds(row(4), row(5))),
      store(2, firsts(row(6), row(7))),
      store(3, seconds(row(6), row(7))),
    ];
  };

  const rotate = (index: number, bits: number): Code =>
    v128.or(v128.shl(local.get(index), bits), v128.shr(local.get(index), 32 - bits));
  const constant = moment(0);
  const body = steps.map(({ round, number, word, rotation, parts: [a, b, c, d] }) => [
    local.set(constant, v128.load(zero, layout.constants + number * 16)),
    vectors.map((vector) => {
      const get = (part: number): Code => local.get(state(vector, part));
      const known = v128.add(v128.add(v128.load(zero, wordAt(vector, word)), local.get(constant)), get(a));
      const sum = moment(1 + vector);
      return [
        local.set(sum, sumOf(v128, round, known, [get(b), get(c), get(d)])),
        local.set(state(vector, a), v128.add(rotate(sum, rotation), get(b))),
      ];
    }),
  ]);

  return {
    name: `lanes${count}`,
    parameters: 1,
    locals: [
      ...everyLane.map(() => "i32" as const),
      ...Array.from({ length: count + 8 }, () => "v128" as const),
    ],
    body: [
      everyLane.map((lane) => local.set(pointer(lane), i32.load(zero, layout.pointers + lane * 4))),
      vectors.map((vector) =>
        words.map((word) => local.set(state(vector, word), v128.load(zero, stateAt(vector, word)))),
      ),
      repeatWhile(local.get(blocks), [
        vectors.map((vector) => words.map((quarter) => transpose(vector, quarter))),
        body,
        vectors.map((vector) =>
          words.map((word) => [
            local.set(
              state(vector, word),
              v128.add(local.get(state(vector, word)), v128.load(zero, stateAt(vector, word))),
            ),
            v128.store(zero, local.get(state(vector, word)), stateAt(vector, word)),
          ]),
        ),
        everyLane.map((lane) =>
          local.set(pointer(lane), i32.add(local.get(pointer(lane)), i32.const(blockSize))),
        ),
        local.set(blocks, i32.sub(local.get(blocks), i32.const(1))),
      ]),
    ],
  };
}

export const pageSize = 65_536;
/** Pages a memory may have: 1 GiB of addresses, of which only what is used is real. */
export const mostPages = 16_384;

/** The module's bytes: it imports `env.memory`, shared, and exports `single`, `lanes4`, `lanes8` and `lanes12`. */
export function md5Module(): Uint8Array<ArrayBuffer> {
  return assemble({ initial: 1, maximum: mostPages }, [single(), ...laneCounts.map(lanes)]);
}
