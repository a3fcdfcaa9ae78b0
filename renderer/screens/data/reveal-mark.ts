import type { Attachment } from 'svelte/attachments'

/** Scrolls a box to the first mark in it, anew with every `key`, where the mark is out of sight. */
export function revealMark(key: unknown): Attachment<HTMLElement> {
  return (box) => {
    void key
    const mark = box.querySelector('mark')
    if (!mark) return
    const above = mark.offsetTop - box.offsetTop
    const isInSight = above + mark.offsetHeight < box.clientHeight
    box.scrollTop = isInSight ? 0 : above - box.clientHeight / 3
  }
}
