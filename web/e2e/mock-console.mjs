// Plays the console's interface (/api/v1) from memory.
export function console_() {
  return [];
}
