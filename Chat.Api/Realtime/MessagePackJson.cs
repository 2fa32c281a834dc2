using System.Text.Json;
using Chat.Contracts;
using MessagePack;
using MessagePack.Formatters;
using MessagePack.Resolvers;

namespace Chat.Api.Realtime;

/// <summary>
/// MessagePack with the contract's own names: what the JSON would say – camelCase, enums and times as text, no nulls – written in
/// MessagePack's binary form. Its standard resolvers would write C#'s names, which clients in other languages cannot know.
/// </summary>
public sealed class MessagePackJson : IFormatterResolver
{
    private MessagePackJson()
    {
    }

    public static MessagePackSerializerOptions Options { get; } = MessagePackSerializerOptions.Standard
        .WithResolver(CompositeResolver.Create(new MessagePackJson(), StandardResolver.Instance))
        .WithSecurity(MessagePackSecurity.UntrustedData);

    public IMessagePackFormatter<T>? GetFormatter<T>() =>
        typeof(T).Namespace == typeof(Message).Namespace ? Cached<T>.Formatter : null;

    private static class Cached<T>
    {
        public static readonly JsonShaped<T> Formatter = new();
    }

    private sealed class JsonShaped<T> : IMessagePackFormatter<T>
    {
        public void Serialize(ref MessagePackWriter writer, T value, MessagePackSerializerOptions options) =>
            Write(ref writer, JsonSerializer.SerializeToElement(value, typeof(T), ChatJson.Default));

        public T Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
        {
            using var json = new StringWriter();
            MessagePackSerializer.ConvertToJson(ref reader, json, options);
            try
            {
                return (T)JsonSerializer.Deserialize(json.ToString(), typeof(T), ChatJson.Default)!;
            }
            catch (JsonException e)
            {
                throw new MessagePackSerializationException($"Not a {typeof(T).Name}.", e);
            }
        }

        private static void Write(ref MessagePackWriter writer, JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    writer.WriteMapHeader(element.GetPropertyCount());
                    foreach (var property in element.EnumerateObject())
                    {
                        writer.Write(property.Name);
                        Write(ref writer, property.Value);
                    }

                    break;
                case JsonValueKind.Array:
                    writer.WriteArrayHeader(element.GetArrayLength());
                    foreach (var item in element.EnumerateArray())
                    {
                        Write(ref writer, item);
                    }

                    break;
                case JsonValueKind.Number:
                    writer.Write(element.GetInt64());
                    break;
                case JsonValueKind.String:
                    writer.Write(element.GetString());
                    break;
                case JsonValueKind.True or JsonValueKind.False:
                    writer.Write(element.GetBoolean());
                    break;
                default:
                    writer.WriteNil();
                    break;
            }
        }
    }
}
