/**
 * Writes emoji out in words. A blank is put before a description unless one is there already, none behind it, so the
 * next word sticks to the description: the reference does so, and its scores depend on it.
 * @param emoji - description by code point
 */
export function describeEmoji(text: string, emoji: ReadonlyMap<number, string>): string {
  let described = '';
  let isAfterBlank = true;
  for (const character of text) {
    const description = emoji.get(character.codePointAt(0) ?? 0);
    if (description === undefined) {
      described += character;
      isAfterBlank = character === ' ';
    } else {
      described += isAfterBlank ? description : ` ${description}`;
      isAfterBlank = false;
    }
  }
  return described;
}
