/** One field of a message as it stands on the wire: a number for varints and floats, bytes for the rest. */
export interface WireField {
  readonly number: number
  readonly value: bigint | number | Uint8Array
}

/** Reads the fields of a message (https://protobuf.dev/programming-guides/encoding), for checking what was written. */
export function readMessage(bytes: Uint8Array): readonly WireField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: WireField[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.byteLength) {
    const tag = Number(varint())
    const number = tag >> 3
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: varint() })
        break
      case 2: {
        const length = Number(varint())
        if (at + length > bytes.byteLength) throw new Error(`Field ${number} ends behind its message.`)
        fields.push({ number, value: bytes.subarray(at, at + length) })
        at += length
        break
      }
      case 5:
        fields.push({ number, value: view.getFloat32(at, true) })
        at += 4
        break
      default:
        throw new Error(`Field ${number} has the wire type ${tag & 7}.`)
    }
  }
  return fields
}

/** The values of one field, in order. */
export class Message {
  readonly #fields: readonly WireField[]

  constructor(bytes: Uint8Array) {
    this.#fields = readMessage(bytes)
  }

  messages(number: number): readonly Message[] {
    return this.#bytes(number).map((bytes) => new Message(bytes))
  }

  message(number: number): Message {
    const [first, ...rest] = this.messages(number)
    if (!first || rest.length > 0) throw new Error(`There is not one message ${number}.`)
    return first
  }

  texts(number: number): readonly string[] {
    return this.#bytes(number).map((bytes) => new TextDecoder().decode(bytes))
  }

  text(number: number): string {
    return this.texts(number)[0] ?? ''
  }

  bytes(number: number): Uint8Array {
    return this.#bytes(number)[0] ?? new Uint8Array()
  }

  /** Varints as signed 64-bit integers, and floats. */
  numbers(number: number): readonly number[] {
    return this.#of(number).flatMap((value) =>
      typeof value === 'bigint'
        ? [Number(BigInt.asIntN(64, value))]
        : typeof value === 'number'
          ? [value]
          : [],
    )
  }

  #bytes(number: number): readonly Uint8Array[] {
    return this.#of(number).flatMap((value) => (value instanceof Uint8Array ? [value] : []))
  }

  #of(number: number): readonly WireField['value'][] {
    return this.#fields.filter((field) => field.number === number).map((field) => field.value)
  }
}
