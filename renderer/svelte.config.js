/** Svelte reads TypeScript that can be erased by itself; runes are found by their use. */
export default {}
