import { plural } from "../plural";

export const contacts = {
  title: "Contactos",
  count: (count: number) => plural(count, { one: "contacto", other: "contactos" }),
  search: "Buscar por nombre, correo, teléfono o identificador externo",
  name: "Nombre",
  email: "Correo",
  phone: "Teléfono",
  created: "Creado",
  empty: "Aún no hay contactos",
  emptyLead: "Importe un archivo o envíe contactos por la API.",
};
