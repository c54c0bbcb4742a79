import type { Heads, SettingsParts } from "../en/heads";

/** The parts of the settings, as they are called in their menu and in their titles. */
export const settingsParts: SettingsParts = {
  workspace: "Espacio de trabajo",
  members: "Miembros",
  tokens: "Claves de API",
  tracking: "Claves de seguimiento",
  fields: "Campos propios",
  tags: "Etiquetas",
  whatsapp: "WhatsApp",
  audit: "Registro de auditoría",
  password: "Su contraseña",
};

const counted = "\u00a0";

const scoresLead = "Números que siguen lo que se sabe de un contacto, siempre y con exactitud.";

export const heads: Heads = {
  "/broadcasts": { title: "Difusiones", lead: counted },
  "/broadcasts/new": { title: "Nueva difusión", lead: "Una difusión envía una plantilla de WhatsApp a los miembros de segmentos." },
  "/contacts": { title: "Contactos", lead: counted },
  "/contacts/duplicates": { title: "Duplicados" },
  "/destinations/audiences": {
    title: "Destinos",
    lead: "Segmentos mantenidos como audiencias personalizadas de una cuenta publicitaria de Meta: sus miembros entran y salen con el segmento.",
  },
  "/destinations/webhooks": {
    title: "Destinos",
    lead: "Direcciones de socios a las que se cuenta lo que ocurre aquí, en orden y sin pérdidas.",
  },
  "/destinations/webhooks/new": { title: "Nuevo destino", lead: "Está activo en cuanto responda a un ping firmado." },
  "/scores": { title: "Puntuaciones", lead: scoresLead },
  "/scores/new": { title: "Nueva puntuación", lead: scoresLead },
  "/segments": { title: "Segmentos", lead: counted },
  "/segments/new": { title: "Segmento nuevo" },
  "/settings/audit": { title: settingsParts.audit, lead: "Qué se hizo, quién y desde dónde. Se conserva siempre." },
  "/settings/fields": { title: settingsParts.fields, lead: "Lo que guarda de los contactos además de los campos incluidos." },
  "/settings/members": { title: settingsParts.members, lead: "Quién puede entrar en este espacio y qué puede hacer cada uno." },
  "/settings/password": { title: settingsParts.password, lead: "Una contraseña nueva termina sus otras sesiones." },
  "/settings/tags": {
    title: settingsParts.tags,
    lead: "Todas las etiquetas en uso. Un cambio vale a la vez para todos los contactos y reglas.",
  },
  "/settings/tokens": {
    title: settingsParts.tokens,
    lead: "Para programas que llaman a la API. Una clave puede hacer aquello con lo que se creó, hasta que termine o se revoque.",
  },
  "/settings/tracking": {
    title: settingsParts.tracking,
    lead: "Las páginas y aplicaciones registran con ella lo que hacen sus visitantes. No es secreta: solo puede registrar.",
  },
  "/settings/whatsapp": { title: settingsParts.whatsapp, lead: "El número desde el que envían difusiones y flujos." },
  "/settings/workspace": { title: settingsParts.workspace, lead: "Lo que vale para todo el espacio de trabajo." },
  "/transfers": {
    title: "Importar y exportar",
    lead: "Todo el trabajo largo del espacio, lo más nuevo primero. Puede irse: continúa solo.",
  },
  "/transfers/export": { title: "Nueva exportación", lead: "Un archivo con contactos, escrito en segundo plano y conservado siete días." },
  "/transfers/import": {
    title: "Nueva importación",
    lead: "Desde un archivo CSV o TSV, o un libro de Excel. No se escribe nada antes de que vea las cifras.",
  },
  "/workflows": { title: "Flujos", lead: "Lo que sigue para un contacto: esperar, preguntar, bifurcar, enviar y más." },
};
