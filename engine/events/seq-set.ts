// A set of seqs as one bit each: a million events cost 125 KB, so that any log fits.

export class SeqSet {
  readonly #from: number;
  #bits = new Uint8Array(1024);

  /** Everything up to and including `from` counts as held already. */
  constructor(from: number) {
    this.#from = from;
  }

  has(seq: number): boolean {
    const index = seq - this.#from - 1;
    return index < 0 || ((this.#bits[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  add(seq: number): void {
    const index = seq - this.#from - 1;
    if (index < 0) return;
    const byte = index >>> 3;
    if (byte >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(byte + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (index & 7));
  }
}
