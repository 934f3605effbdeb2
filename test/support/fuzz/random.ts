/** Numbers that nothing but their seed decides, so that whatever was made of them can be made again. */

const scramble = (bits: number): number => {
  let z = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return z ^ (z >>> 15)
}

/** Splitmix32. */
export class Random {
  #state: number

  /** Each stream of a seed is as good as a seed of its own. */
  constructor(seed: number, stream: number) {
    this.#state = scramble(seed | 0) ^ scramble(~stream)
  }

  /** 0 to 2^32 - 1. */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return scramble(this.#state) >>> 0
  }

  /** 0 to `n` - 1. */
  below(n: number): number {
    return Math.floor((this.bits() / 2 ** 32) * n)
  }

  chance(probability: number): boolean {
    return this.bits() < probability * 2 ** 32
  }

  pick<A>(items: ReadonlyArray<A>): A {
    return items[this.below(items.length)]!
  }

  shuffle<A>(items: ReadonlyArray<A>): Array<A> {
    const shuffled = [...items]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
    }
    return shuffled
  }

  /** Mostly short, at times `longest`. */
  length(longest: number): number {
    return this.below(1 + this.below(1 + this.below(longest)))
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }

  /** What text is that comes to nobody's mind: of all of Unicode, without lone surrogates. */
  text(length: number): string {
    return Array.from({ length }, () => {
      const code = this.chance(0.5) ? this.below(0x80) : this.below(this.chance(0.5) ? 0x800 : 0x110000)
      return code >= 0xd800 && code < 0xe000 ? "\ufffd" : String.fromCodePoint(code)
    }).join("")
  }
}
