// Type test of the TypeScript package: compiled, never run. The compiler reports a missing packet or
// field, and a field of another type.
import type {
  Answers,
  ClientPacket,
  CloseCode,
  MessageReceive,
  RoomPosition,
  ServerPacket,
  Subprotocol,
  V1,
} from "abu-chat-protocol";

const profile: Subprotocol = "abu.chat.v2";

interface Room {
  messages: Map<string, MessageReceive>;
  lastSeq: number;
  lastRevision: number;
}

function place(room: Room, message: MessageReceive): void {
  const known = room.messages.get(message.message_id);
  if ((known?.revision ?? 0) > (message.revision ?? 0)) return;
  room.messages.set(message.message_id, message);
  room.lastSeq = Math.max(room.lastSeq, message.seq);
}

/** Exhaustiveness check: the last line does not compile if a packet has no case. */
export function receive(rooms: Map<string, Room>, packet: ServerPacket): string | undefined {
  switch (packet.type) {
    case "welcome":
      return `${packet.payload.user_id} ${packet.payload.heartbeat.idle_timeout_ms + 1}`;
    case "message-receive": {
      const room = rooms.get(packet.payload.room_id);
      if (room) place(room, packet.payload);
      return packet.ref;
    }
    case "list-message-response":
      return `${packet.payload.messages.length} of ${packet.payload.total_count}, ${packet.payload.last_revision}`;
    case "sync-response":
      for (const caughtUp of packet.payload.rooms) {
        const room = rooms.get(caughtUp.room_id);
        if (!room) continue;
        for (const message of [...caughtUp.messages, ...(caughtUp.updated ?? [])]) place(room, message);
        room.lastSeq = caughtUp.last_seq;
        room.lastRevision = caughtUp.last_revision;
      }
      for (const gone of packet.payload.not_a_member ?? []) rooms.delete(gone);
      return undefined;
    case "message-updated": {
      const room = rooms.get(packet.payload.room_id);
      const message = room?.messages.get(packet.payload.message_id);
      if (message) room?.messages.set(message.message_id, { ...message, ...packet.payload });
      return undefined;
    }
    case "reaction-notify":
      return packet.payload.is_added ? packet.payload.emoji : `${packet.payload.count}`;
    case "read-notify":
      return `${packet.payload.participant_id} ${packet.payload.seq}`;
    case "presence-response":
      return packet.payload.participants.find(({ is_online }) => !is_online)?.last_seen;
    case "chat-join-notify":
    case "chat-leave":
      return packet.payload.participant_id;
    case "typing-notify":
      return packet.payload.is_typing ? packet.payload.participant_id : undefined;
    case "room-notify":
      return packet.payload.change === "renamed" ? packet.payload.name : packet.payload.change;
    case "member-notify":
      return packet.payload.role ?? packet.payload.change;
    case "notification":
      return packet.payload.link ?? packet.payload.title;
    case "token-expiring":
    case "token-renewed":
      return packet.payload.expires_at;
    case "server-closing":
      return `${packet.payload.reconnect_after_ms}`;
    case "error": {
      const { code, request_type, retry_after_ms } = packet.payload;
      if (code === "rate-limited" && request_type !== null) return `${request_type} ${retry_after_ms ?? 0}`;
      return code.toUpperCase();
    }
    default: {
      const missing: never = packet;
      return missing;
    }
  }
}

type ServerPacketOf<Type extends ServerPacket["type"]> = Extract<ServerPacket, { type: Type }>;

/** The type of a request determines the type of its answer. */
export declare function request<Type extends keyof Answers>(
  packet: Extract<ClientPacket, { type: Type }>,
): Promise<ServerPacketOf<Answers[Type]>>;

export async function catchUp(socket: WebSocket, rooms: RoomPosition[]): Promise<boolean> {
  if (socket.protocol !== profile) return false;
  const answer = await request({ type: "sync-request", payload: { rooms } });
  return answer.payload.rooms.some(({ has_more }) => has_more);
}

export function reconnects(code: CloseCode): boolean {
  return code !== 1000 && code !== 4003;
}

/** The types of profile v1 contain nothing of v2. */
export function receiveV1(packet: V1.ServerPacket): string {
  if (packet.type !== "message-receive") return packet.type;
  // @ts-expect-error
  void packet.payload.message_id;
  return packet.payload.message;
}

export const wrong: ClientPacket[] = [
  // @ts-expect-error: a number is no text
  { type: "message-send", payload: { room_id: "r", message: 7 } },
  // @ts-expect-error: the room is missing
  { type: "typing", payload: { is_typing: true } },
  // @ts-expect-error: there is no such order
  { type: "list-message-request", payload: { room_id: "r", order: "newest" } },
  // @ts-expect-error: only the server sends it
  { type: "token-renewed", payload: { expires_at: "2024-08-21T14:30:00Z" } },
];
