export const common = {
  loading: "Cargando",
  tryAgain: "Reintentar",
  undo: "Deshacer",
  cancel: "Cancelar",
  save: "Guardar",
  saved: "Guardado",
  delete: "Eliminar",
  edit: "Editar",
  close: "Cerrar",
  search: "Buscar",
  selectAll: "Seleccionar todas las filas",
  selectRow: (name: string) => `Seleccionar ${name}`,
  name: "Nombre",
  actions: "Acciones",
  none: "Ninguno",
  yes: "Sí",
  no: "No",
};

export const errors = {
  title: "No ha funcionado",
  unexpected: "Ha ocurrido algo inesperado en esta página. Recárguela; lo guardado se conserva.",
  network: "El servidor no responde. Compruebe la conexión; la consola continúa sola cuando vuelva.",
  forbidden: (reason: string) => `No tiene permiso para hacerlo: ${reason}`,
  throttled: "Demasiadas peticiones a la vez. Espere un momento y reintente.",
  internal: (requestId?: string) =>
    `El servidor no ha podido hacerlo. ${requestId ? `Indique a su operador el identificador ${requestId}.` : "Reintente."}`,
  notFound: "Aquí no hay nada",
  notFoundLead: "La dirección es incorrecta o lo que mostraba se ha eliminado.",
};

export const nav = {
  areas: "Áreas",
  menu: "Menú",
  skip: "Ir al contenido",
  home: "Inicio",
  contacts: "Contactos",
  segments: "Segmentos",
  transfers: "Importar y exportar",
  broadcasts: "Difusiones",
  workflows: "Flujos",
  destinations: "Destinos",
  scores: "Puntuaciones",
  settings: "Ajustes",
  account: "Su cuenta",
  dark: "Oscuro",
  light: "Claro",
  language: "Idioma",
  signOut: "Cerrar sesión",
  reconnecting: "Reconectando …",
};

export const session = {
  title: "Entrar en Muster",
  lead: "Sus contactos en los segmentos correctos, siempre.",
  email: "Correo electrónico",
  password: "Contraseña",
  showPassword: "Mostrar la contraseña",
  signIn: "Entrar",
  expired: "Su sesión ha terminado. Entre de nuevo y volverá a donde estaba.",
};
