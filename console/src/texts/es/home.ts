import { formatNumber } from "../../format/numbers";
import { plural } from "../plural";

const contacts = (count: number) => plural(count, { one: "contacto", other: "contactos" });

export const home = {
  all: "Ver todo",
  freshness: {
    now: "Todos los segmentos están al día",
    behind: (pending: number, lag: string) => `Faltan por procesar ${contacts(pending)}, con ${lag} de retraso`,
  },
  needs: {
    title: "Requiere su atención",
    none: "No hay nada pendiente de usted.",
    jobFailed: "Ha fallado:",
    jobPaused: "En pausa:",
    broadcastFailed: "Difusión fallida:",
    broadcastPaused: "Difusión en pausa:",
    channelRefused: "WhatsApp rechaza el",
    channel: "número conectado",
    workflowPaused: "Flujo en pausa:",
    endpointDisabled: "Punto de entrega desactivado:",
    endpointPaused: "Punto de entrega en pausa:",
    endpointFails: "Punto de entrega que no responde:",
    inboundFailed: "Parte de lo que envió WhatsApp no se pudo procesar:",
    inbound: "lo que falló",
    accountRefused: "Meta rechaza la",
    account: "cuenta publicitaria",
    audienceBlocked: "Audiencia bloqueada:",
    audiencePaused: "Audiencia en pausa:",
  },
  jobs: { title: "En marcha", none: "No hay importaciones, exportaciones ni otros trabajos largos en marcha." },
  broadcasts: {
    title: "Difusiones recientes",
    none: "Aún no hay difusiones.",
    started: "Empezó",
    scheduled: "Empieza",
    created: "Creada",
    statuses: {
      DRAFT: "Borrador",
      SCHEDULED: "Programada",
      PREPARING: "En preparación",
      SENDING: "Enviándose",
      PAUSED: "En pausa",
      COMPLETED: "Completada",
      CANCELLED: "Cancelada",
      FAILED: "Fallida",
    },
    counts: (count: { total: number; gone: number; arrived: number; read: number; failed: number }) =>
      [
        `${formatNumber(count.gone)} de ${formatNumber(count.total)} enviados`,
        `${formatNumber(count.arrived)} entregados`,
        `${formatNumber(count.read)} leídos`,
        ...(count.failed > 0 ? [`${formatNumber(count.failed)} fallidos`] : []),
      ].join(" · "),
  },
  segments: {
    title: "Segmentos que más se han movido",
    none: "Aún no hay segmentos.",
    week: "En los últimos siete días",
    trend: (from: number, to: number) => `De ${formatNumber(from)} a ${formatNumber(to)} miembros en siete días`,
  },
  first: {
    title: "Traiga sus contactos",
    lead: "Tres maneras de empezar. Todas se pueden deshacer o repetir.",
    import: "Importar un archivo",
    importLead: "CSV o Excel, de cualquier tamaño. Verá lo que hace antes de que se escriba nada.",
    importAction: "Elegir un archivo",
    sample: "Probar con datos de ejemplo",
    sampleLead: "Sesenta personas inventadas, importadas como lo haría un archivo. Deshaga la importación para quitarlas.",
    sampleAction: "Importar el ejemplo",
    api: "Enviarlos por la API",
    apiLead: "Su tienda o aplicación escribe los contactos y lo que hacen, y los segmentos se actualizan al momento.",
    apiAction: "Crear un token",
  },
  tour: {
    title: "Un primer vistazo",
    lead: "Este espacio es una demostración: las personas son inventadas y los mensajes van a un entorno de pruebas.",
    close: "Cerrar la visita para siempre",
    steps: [
      {
        path: "/segments",
        needs: "SEGMENT_READ",
        title: "Vea cómo se llena un segmento",
        text: "Abra uno, cambie su regla y observe el recuento mientras escribe.",
      },
      {
        path: "/contacts",
        needs: "CONTACT_READ",
        title: "Pregunte por qué",
        text: "La página de un contacto dice, parte por parte, por qué está en un segmento o por qué no.",
      },
      {
        path: "/broadcasts",
        needs: "BROADCAST_READ",
        title: "Envíe una difusión",
        text: "Vea antes quién la recibirá y quién no, y después observe cómo sale.",
      },
      {
        path: "/workflows",
        needs: "WORKFLOW_READ",
        title: "Siga un flujo",
        text: "Vea dónde está cada persona y pruébelo con el pasado.",
      },
    ],
  },
};
