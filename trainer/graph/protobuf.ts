/**
 * The part of the Protocol Buffers wire format that ONNX files need (https://protobuf.dev/programming-guides/encoding):
 * varints, 32-bit floats and length-delimited fields. Messages are lists of byte pieces, joined once at the end.
 */
export class ProtobufMessage {
  readonly #pieces: Uint8Array[] = []

  get byteLength(): number {
    return this.#pieces.reduce((total, piece) => total + piece.byteLength, 0)
  }

  /** An int32, int64 or enum field; negative values take ten bytes, as the format says. */
  int(field: number, value: number | bigint): this {
    this.#pieces.push(varint((BigInt(field) << 3n) | 0n), varint(BigInt(value)))
    return this
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    this.#pieces.push(varint((BigInt(field) << 3n) | 5n), bytes)
    return this
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  bytes(field: number, value: Uint8Array): this {
    this.#pieces.push(varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.byteLength)), value)
    return this
  }

  message(field: number, value: ProtobufMessage): this {
    return this.bytes(field, value.finish())
  }

  finish(): Uint8Array {
    const result = new Uint8Array(this.byteLength)
    let offset = 0
    for (const piece of this.#pieces) {
      result.set(piece, offset)
      offset += piece.byteLength
    }
    return result
  }
}

function varint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value)
  const bytes: number[] = []
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
