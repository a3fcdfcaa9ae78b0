/** A token and the part of the text that it stands for, in UTF-16 units; `start` is before `end`. */
export interface PlacedToken {
  readonly id: number
  readonly start: number
  readonly end: number
}
