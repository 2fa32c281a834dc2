using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Chat.Contracts;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.Transforms;

namespace Chat.Web.Proxy;

/// <summary>
/// Keeps all requests of a SignalR connection on the API replica that negotiated it. The orchestrator balances by TCP connection, so
/// without this only a client that skips negotiation would work. The replica's address travels, encrypted, in the connection token,
/// which is opaque to clients: <c>TOKEN.ADDRESS</c>. In a cluster the edge does this with a cookie, and no replica announces itself.
/// </summary>
/// <param name="protection">Encrypts the address, so that no client can choose where its requests go.</param>
public sealed class ReplicaAffinity(IDataProtectionProvider protection)
{
    private const char Separator = '.';
    private const string Id = "id";
    private const int MaxNegotiationLength = 16 * 1024;
    private readonly IDataProtector _protector = protection.CreateProtector("Chat.Web.ReplicaAffinity");

    /// <summary>Sends a request that has a connection's token to its replica, with the token that the replica knows.</summary>
    /// <param name="context">The request, in YARP's pipeline.</param>
    /// <param name="next">The rest of the pipeline.</param>
    public Task InvokeAsync(HttpContext context, Func<Task> next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        if (context.Request.Query[Id] is [{ } id] && id.IndexOf(Separator) is > 0 and var end && Unprotect(id[(end + 1)..]) is { } address)
        {
            var query = QueryHelpers.ParseQuery(context.Request.QueryString.Value);
            query[Id] = id[..end];
            context.Request.QueryString = QueryString.Create(query);
            var replica = new DestinationConfig { Address = address };
            context.GetReverseProxyFeature().AvailableDestinations = new DestinationState(address, new DestinationModel(replica));
        }

        return next();
    }

    /// <summary>Adds the replica's address to the token in a negotiation's response.</summary>
    /// <param name="context">The response.</param>
    public async ValueTask TransformAsync(ResponseTransformContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.ProxyResponse is not { } response || !response.Headers.TryGetValues(IChatServer.ReplicaHeader, out var values))
        {
            return;
        }

        var outgoing = context.HttpContext.Response;
        outgoing.Headers.Remove(IChatServer.ReplicaHeader);
        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentLength is not (> 0 and < MaxNegotiationLength))
        {
            return;
        }

        var aborted = context.HttpContext.RequestAborted;
        var negotiation = JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(aborted))!.AsObject();
        // Version 0 of the protocol has no token: the ID stands for it.
        var field = negotiation.ContainsKey("connectionToken") ? "connectionToken" : "connectionId";
        if ((string?)negotiation[field] is { } token)
        {
            var address = _protector.Protect(Encoding.UTF8.GetBytes(values.First()));
            negotiation[field] = $"{token}{Separator}{WebEncoders.Base64UrlEncode(address)}";
        }

        context.SuppressResponseBody = true;
        var body = Encoding.UTF8.GetBytes(negotiation.ToJsonString());
        outgoing.ContentLength = body.Length;
        await outgoing.Body.WriteAsync(body, aborted);
    }

    private string? Unprotect(string text)
    {
        try
        {
            return Encoding.UTF8.GetString(_protector.Unprotect(WebEncoders.Base64UrlDecode(text)));
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return null;
        }
    }
}
