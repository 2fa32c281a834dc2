using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Chat.Contracts;

/// <summary>
/// A message's id is a function of its sender and the sender's client id, so that sending again needs no lookup and
/// nobody can claim another's id. 32 lower-case hexadecimal characters: the first 12 identify the sender
/// (SHA-256 of the username, FIPS 180-4), the other 20 the client id (SHA-256 of both), so authorship shows
/// without asking a store.
/// </summary>
public static class MessageId
{
    public const int Length = 32;
    private const int SenderLength = 12;
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    public static string For(string sender, string clientId)
    {
        ArgumentException.ThrowIfNullOrEmpty(sender);
        ArgumentException.ThrowIfNullOrEmpty(clientId);
        return string.Concat(Hex(sender).AsSpan(0, SenderLength), Hex(sender + "\0" + clientId).AsSpan(0, Length - SenderLength));
    }

    /// <summary>Whether the text has an id's form. Says nothing about whether the message exists.</summary>
    public static bool IsWellFormed(string? id) =>
        id is { Length: Length } && !id.AsSpan().ContainsAnyExcept(Hexadecimal);

    /// <summary>Whether a message of this id can only be the sender's.</summary>
    public static bool IsBy(string id, string sender) =>
        IsWellFormed(id) && id.AsSpan(0, SenderLength).SequenceEqual(Hex(sender).AsSpan(0, SenderLength));

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
