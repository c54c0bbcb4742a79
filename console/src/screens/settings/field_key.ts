/** A key for a label: "Última compra (€)" as ultima_compra. */
export function keyOf(label: string): string {
  return label
    .normalize("NFD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 60);
}
